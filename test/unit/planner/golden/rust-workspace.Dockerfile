# preset: rust
# why: `Cargo.toml` found
# why: started by the binary `server` of `shop-web`
# why: the newest stable Rust
# base images: rust:1-bookworm, debian:bookworm-slim
# context: /
# output: {"type":"image"}

FROM rust:1-bookworm AS build
WORKDIR /src
ENV CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
ARG BUILD_ENV_HASH
RUN mkdir /out
COPY . .
RUN cargo build --release --bins --locked --workspace && cp target/release/server target/release/import /out/

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN chown 1000:1000 /app
# Files that the program may read: templates, migrations, what it serves.
COPY --chown=1000:1000 . .
COPY --from=build --chown=1000:1000 /out /app/bin
ENV PATH=/app/bin:$PATH
USER 1000:1000
CMD ["/app/bin/server"]
