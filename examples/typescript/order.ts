// Places an order and follows it until it is confirmed.
// Takes EDGE (http://host:port), TOKEN, SHOP and PHONE from the environment.

import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { MyOrder_Status } from "./gen/tword/mypage/v1/mypage_pb.js";
import { MyPageService } from "./gen/tword/mypage/v1/mypage_service_pb.js";
import { OrderService } from "./gen/tword/order/v1/order_service_pb.js";

const ATTEMPTS = 8;
// What may be tried again: with an idempotency key a write too.
const PASSING = [Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded];

const { EDGE, TOKEN, SHOP, PHONE } = process.env as Record<string, string>;
const headers = { authorization: `Bearer ${TOKEN}` };
const transport = createGrpcTransport({ baseUrl: EDGE! });
const orders = createClient(OrderService, transport);
const myPage = createClient(MyPageService, transport);

/** Milliseconds to wait before the next try: as long as RetryInfo says, or ever longer. */
function pause(error: ConnectError, attempt: number): number {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return delay
    ? Number(delay.seconds) * 1000 * (1 + 0.2 * Math.random())
    : Math.min(5000, 100 * 2 ** attempt) * (0.5 + 0.5 * Math.random());
}

/** Calls until there is an answer, or an error that another try would meet again. */
async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (caught) {
      const error = ConnectError.from(caught);
      if (!PASSING.includes(error.code) || attempt === ATTEMPTS - 1) throw error;
      await setTimeout(pause(error, attempt));
    }
  }
}

/** Places the order; the key makes it one order however often it is sent. */
async function place(): Promise<string> {
  const request = {
    shopId: SHOP,
    lines: [{ phoneId: PHONE, quantity: 1 }],
    recipient: { name: "Hong Gildong", phoneNumber: "010-1234-5678", address: "1 Teheran-ro, Seoul" },
  };
  const options = { headers: { ...headers, "idempotency-key": randomUUID() }, timeoutMs: 5000 };
  const answer = await persist(() => orders.placeOrder(request, options));
  return answer.order!.orderId;
}

/** Watches until the order is confirmed, or will not be; a watch that is cut goes on where it was. */
async function follow(orderId: string): Promise<string> {
  let cursor = "";
  const watch = async () => {
    for await (const update of myPage.watchMyOrders({ cursor }, { headers })) {
      cursor = update.cursor;
      if (update.order?.orderId === orderId && update.order.status !== MyOrder_Status.PLACED) {
        return MyOrder_Status[update.order.status];
      }
    }
    return undefined;
  };
  for (;;) {
    const status = await persist(watch);
    if (status !== undefined) return status;
  }
}

const orderId = await place();
console.log("PLACED", orderId);
console.log(await follow(orderId), orderId);
process.exit();
