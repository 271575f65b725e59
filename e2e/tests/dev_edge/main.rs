mod contract;
mod edge;
mod stub;
