# preset: vite
# why: `vite.config.ts` found, and no server
# why: npm from `package-lock.json`
# why: Node 24, the default (no version is asked for)
# why: build script found
# why: output in `dist`, the default
# base images: node:24-slim
# context: /
# output: {"type":"image-files","path":"/site","spa":true}

# Only the fields that decide what is installed, so that other edits of package.json keep the layer.
FROM node:24-slim AS manifest
WORKDIR /app
COPY package.json ./
RUN ["node","-e","const fs=require('fs'),keep=['name','bin','dependencies','devDependencies','optionalDependencies','peerDependencies','dependenciesMeta','peerDependenciesMeta','overrides','resolutions','pnpm','patchedDependencies','trustedDependencies','engines','os','cpu','packageManager'];for(const file of process.argv.slice(1)){const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''));fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}","package.json"]

FROM node:24-slim AS install
WORKDIR /app
ENV CI=true
ENV NPM_CONFIG_AUDIT=false
ENV NPM_CONFIG_FUND=false
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
ARG BUILD_ENV_HASH
COPY --from=manifest /app/package.json ./
COPY package-lock.json ./
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm ci || { code=$?; [ "$code" -eq 1 ] || exit "$code"; echo "npm ci failed; trying npm install once" >&2; npm install; }

FROM install AS build
COPY . .
RUN --mount=type=cache,target=/app/node_modules/.cache,sharing=private npm run build
RUN ["sh","-c","[ -d \"dist\" ] || { echo \"the build left no directory dist: set the output directory\" >&2; exit 1; }"]

FROM scratch
COPY --from=build ["/app/dist/","/site/"]
