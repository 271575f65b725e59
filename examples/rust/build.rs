//! Makes a client from the proto files, without protoc.

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    // What the edge gives as /protos.zip, unpacked.
    let protos = "../../proto";
    println!("cargo:rerun-if-changed={protos}");
    let services = ["tword/order/v1/order_service.proto", "tword/mypage/v1/mypage_service.proto"];
    let mut compiled = protox::compile(services, [protos])?;
    // Its messages are options of the contracts; no call sends them.
    compiled.file.retain(|file| file.package() != "google.api");
    tonic_prost_build::configure().build_server(false).include_file("tword.rs").compile_fds(compiled)?;
    Ok(())
}
