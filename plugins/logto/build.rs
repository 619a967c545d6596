//! Lets the linker leave Node's own functions to be found when Node loads us.

fn main() {
    napi_build::setup();
}
