"""Places an order and follows it until it is confirmed.

Takes EDGE (http://host:port), TOKEN, SHOP and PHONE from the environment.
"""

import os
import random
import time
import uuid

import grpc
from google.rpc import error_details_pb2, status_pb2
from tword.mypage.v1 import mypage_pb2, mypage_service_pb2, mypage_service_pb2_grpc
from tword.order.v1 import order_service_pb2, order_service_pb2_grpc

ATTEMPTS = 8
# What may be tried again: with an idempotency key a write too.
PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}

TOKEN = ("authorization", f"Bearer {os.environ['TOKEN']}")


def pause(error, attempt):
    """Seconds to wait before the next try: as long as RetryInfo says, or ever longer."""
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.RetryInfo()
                if detail.Unpack(info):
                    return info.retry_delay.ToTimedelta().total_seconds() * random.uniform(1, 1.2)
    return min(5, 0.1 * 2**attempt) * random.uniform(0.5, 1)


def persist(call):
    """Calls until there is an answer, or an error that another try would meet again."""
    for attempt in range(ATTEMPTS):
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() not in PASSING or attempt == ATTEMPTS - 1:
                raise
            time.sleep(pause(error, attempt))


def place(channel):
    """Places the order; the key makes it one order however often it is sent."""
    orders = order_service_pb2_grpc.OrderServiceStub(channel)
    request = order_service_pb2.PlaceOrderRequest(
        shop_id=os.environ["SHOP"],
        lines=[order_service_pb2.NewOrderLine(phone_id=os.environ["PHONE"], quantity=1)],
        recipient=order_service_pb2.Recipient(
            name="Hong Gildong", phone_number="010-1234-5678", address="1 Teheran-ro, Seoul"
        ),
    )
    metadata = (TOKEN, ("idempotency-key", str(uuid.uuid4())))
    return persist(lambda: orders.PlaceOrder(request, metadata=metadata, timeout=5)).order.order_id


def follow(channel, order_id):
    """Watches until the order is confirmed, or will not be; a watch that is cut goes on where it was."""
    mypage = mypage_service_pb2_grpc.MyPageServiceStub(channel)
    statuses = mypage_pb2.MyOrder.Status
    cursor = ""

    def watch():
        nonlocal cursor
        request = mypage_service_pb2.WatchMyOrdersRequest(cursor=cursor)
        for update in mypage.WatchMyOrders(request, metadata=(TOKEN,), timeout=60):
            cursor = update.cursor
            if update.order.order_id == order_id and update.order.status != mypage_pb2.MyOrder.STATUS_PLACED:
                return statuses.Name(update.order.status).removeprefix("STATUS_")
        return None

    while (status := persist(watch)) is None:
        pass
    return status


def main():
    with grpc.insecure_channel(os.environ["EDGE"].removeprefix("http://")) as channel:
        order_id = place(channel)
        print("PLACED", order_id, flush=True)
        print(follow(channel, order_id), order_id)


if __name__ == "__main__":
    main()
