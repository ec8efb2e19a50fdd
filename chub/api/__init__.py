"""containerd's services over gRPC, one module each: records in, records out; errors of `chub.errors`."""
