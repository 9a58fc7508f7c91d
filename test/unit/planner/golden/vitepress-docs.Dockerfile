# preset: site
# why: dependency `vitepress` in package.json
# why: built by VitePress
# why: pnpm from `pnpm-lock.yaml`
# why: Node 24, the default (no version is asked for)
# why: build script found
# why: output in `docs/.vitepress/dist`, the default
# base images: node:24-slim
# context: /
# output: {"type":"image-files","path":"/site","spa":false}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:24-slim AS manifest
WORKDIR /app
COPY package.json ./
RUN ["node","-e","const fs=require('fs'),keep=['name','bin','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json"]

FROM node:24-slim AS install
WORKDIR /app
ENV CI=true
ENV pnpm_config_pm_on_fail=ignore
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm install --global --force pnpm@10
ARG BUILD_ENV_HASH
COPY --from=manifest /app/package.json ./
COPY pnpm-lock.yaml ./
RUN --mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared pnpm install --frozen-lockfile

FROM install AS build
COPY . .
RUN --mount=type=cache,target=/app/node_modules/.cache,sharing=private pnpm run build
RUN ["sh","-c","[ -d \"docs/.vitepress/dist\" ] || { echo \"the build left no directory docs/.vitepress/dist: set the output directory\" >&2; exit 1; }"]

FROM scratch
COPY --from=build ["/app/docs/.vitepress/dist/","/site/"]
