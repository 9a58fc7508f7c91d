# preset: go
# why: `go.mod` found
# why: `package main` in `cmd/server`
# why: builds ./cmd/server, ./cmd/worker
# why: Go 1.25 from `go.mod`
# base images: golang:1.25-bookworm, debian:bookworm-slim
# context: /
# output: {"type":"image"}

FROM golang:1.25-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOFLAGS=-buildvcs=false
ARG BUILD_ENV_HASH
RUN mkdir /out
COPY go.* ./
RUN go mod download
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build,sharing=shared go build -trimpath -o /out/ ./cmd/server ./cmd/worker

FROM debian:bookworm-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /usr/share/zoneinfo.zip
# Files that the program may read: templates, migrations, what it serves.
COPY --chown=1000:1000 . .
COPY --from=build --chown=1000:1000 /out /app/bin
ENV ZONEINFO=/usr/share/zoneinfo.zip PATH=/app/bin:$PATH
USER 1000:1000
CMD ["/app/bin/server"]
