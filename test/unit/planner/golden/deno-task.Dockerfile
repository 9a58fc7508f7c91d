# preset: deno
# why: `deno.json` found
# why: task `start` (`deno run -A --unstable-kv server.ts`)
# why: the newest Deno (no version is asked for)
# base images: denoland/deno:debian
# context: /
# output: {"type":"image"}

FROM denoland/deno:debian
ENTRYPOINT []
WORKDIR /app
ENV DENO_DIR=/app/.deno DENO_NO_UPDATE_CHECK=1
ARG BUILD_ENV_HASH
RUN chown 1000:1000 /app
USER 1000:1000
COPY --chown=1000:1000 . .
RUN deno install --entrypoint server.ts
CMD ["deno","run","-A","--unstable-kv","server.ts"]
