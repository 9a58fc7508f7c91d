# preset: deno
# why: `deno.jsonc` found
# why: `main.ts` found
# why: Deno 2.5.4 from `.tool-versions`
# base images: denoland/deno:2.5.4
# context: /
# output: {"type":"image"}

FROM denoland/deno:2.5.4
ENTRYPOINT []
WORKDIR /app
ENV DENO_DIR=/app/.deno DENO_NO_UPDATE_CHECK=1
ARG BUILD_ENV_HASH
RUN chown 1000:1000 /app
USER 1000:1000
COPY --chown=1000:1000 . .
RUN deno install --entrypoint main.ts
CMD ["deno","run","--allow-all","main.ts"]
