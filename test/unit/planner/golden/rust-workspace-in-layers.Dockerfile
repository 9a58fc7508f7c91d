# preset: rust
# why: `Cargo.toml` found
# why: started by the binary `web` of `web`
# why: the newest stable Rust
# base images: rust:1-bookworm, debian:bookworm-slim
# context: /
# output: {"type":"image"}

FROM rust:1-bookworm AS build
WORKDIR /src
ENV CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
ARG BUILD_ENV_HASH
RUN mkdir /out
COPY Cargo.toml Cargo.lock ./
COPY crates/core/Cargo.toml ./crates/core/
COPY crates/web/Cargo.toml ./crates/web/
RUN mkdir -p crates/core/src && echo '' > crates/core/src/lib.rs && mkdir -p crates/web/src && echo 'fn main() {}' > crates/web/src/main.rs && mkdir -p crates/web/src/bin/import && echo 'fn main() {}' > crates/web/src/bin/import/main.rs
RUN cargo build --release --bins --locked --workspace
COPY . .
RUN find . -name '*.rs' -not -path './target/*' -exec touch {} + && cargo build --release --bins --locked --workspace && cp target/release/web target/release/import /out/

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN chown 1000:1000 /app
# Files that the program may read: templates, migrations, what it serves.
COPY --chown=1000:1000 . .
COPY --from=build --chown=1000:1000 /out /app/bin
ENV PATH=/app/bin:$PATH
USER 1000:1000
CMD ["/app/bin/web"]
