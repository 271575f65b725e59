//! What every process serves of metrics: each described, and there from the start.

use metrics::Unit;

use crate::{
    broker,
    clock::{Clock, SystemClock},
    consumer,
    operations::gauges,
    relay, rpc, store, trace,
};

const BUILD: &str = "tword_build_info";
const SERVING: &str = "tword_serving";
const PANICS: &str = "grpc_server_panics_total";
const STARTED: &str = "process_start_time_seconds";
const MEMORY: &str = "process_resident_memory_bytes";
const FILES: &str = "process_open_fds";
const TASKS: &str = "tword_runtime_tasks";
const RUNNABLE: &str = "tword_runtime_queue";

/// Describes every metric of the chassis, and serves each from now on.
pub fn describe(service: &'static str, version: &'static str) {
    rpc::describe();
    store::describe();
    relay::describe();
    consumer::describe();
    gauges::describe();
    broker::describe();
    trace::export::describe();
    metrics::describe_gauge!(BUILD, "Always 1; its labels say which program this is.");
    metrics::describe_gauge!(SERVING, "Whether the service says that it is SERVING, 1 or 0.");
    metrics::describe_counter!(PANICS, "Handlers that panicked; their calls were answered INTERNAL.");
    metrics::describe_gauge!(STARTED, Unit::Seconds, "When the process started, since 1970.");
    metrics::describe_gauge!(MEMORY, Unit::Bytes, "Memory that the process holds in RAM.");
    metrics::describe_gauge!(FILES, "Files and sockets that the process has open.");
    metrics::describe_gauge!(TASKS, "Tasks of the runtime that have not ended.");
    metrics::describe_gauge!(RUNNABLE, "Tasks of the runtime that wait for a worker in the shared queue.");
    metrics::gauge!(BUILD, "service" => service, "version" => version).set(1.0);
    metrics::gauge!(SERVING).set(0.0);
    metrics::counter!(PANICS).increment(0);
    let started = SystemClock.now().unix_timestamp();
    metrics::gauge!(STARTED).set(f64::from(u32::try_from(started).unwrap_or(u32::MAX)));
}

/// Measures the process and its runtime. Call it inside a tokio runtime.
pub fn measure() {
    let runtime = tokio::runtime::Handle::current();
    metrics::gauge!(TASKS).set(number(runtime.metrics().num_alive_tasks()));
    metrics::gauge!(RUNNABLE).set(number(runtime.metrics().global_queue_depth()));
    metrics::gauge!(MEMORY).set(resident().unwrap_or(f64::NAN));
    metrics::gauge!(FILES).set(std::fs::read_dir("/proc/self/fd").map_or(f64::NAN, |files| number(files.count())));
}

/// A count as metrics take it.
pub fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Bytes in RAM, as Linux tells; none elsewhere.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kibibytes) * 1024.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_process_knows_its_memory() {
        assert!(super::resident().is_none_or(|bytes| bytes > 100_000.0));
    }
}
