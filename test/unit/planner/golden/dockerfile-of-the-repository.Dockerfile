# preset: dockerfile
# why: `Dockerfile` found
# base images: node:24-slim
# context: /
# output: {"type":"image"}

ARG V=24
FROM node:${V}-slim AS base
USER 1000
CMD ["node"]
