# preset: site
# why: dependency `react-scripts` in package.json
# why: built by Create React App
# why: yarn from `yarn.lock`
# why: Node 24, the default (no version is asked for)
# why: build script found
# why: output in `build`, the default
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
ENV YARN_CACHE_FOLDER=/root/.cache/yarn
RUN --mount=type=cache,target=/root/.npm,sharing=shared npm install --global --force yarn@1.22.22
ARG BUILD_ENV_HASH
COPY --from=manifest /app/package.json ./
COPY yarn.lock ./
RUN --mount=type=cache,target=/root/.cache/yarn,sharing=locked yarn install --frozen-lockfile --non-interactive

FROM install AS build
ENV CI=false
COPY . .
RUN --mount=type=cache,target=/app/node_modules/.cache,sharing=private yarn run build
RUN ["sh","-c","[ -d \"build\" ] || { echo \"the build left no directory build: set the output directory\" >&2; exit 1; }"]

FROM scratch
COPY --from=build ["/app/build/","/site/"]
