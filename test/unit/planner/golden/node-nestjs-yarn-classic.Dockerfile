# preset: node
# why: start command from the settings: `npm run start:prod`
# why: yarn from `yarn.lock`
# why: Node 24, the default (no version is asked for)
# why: build script found
# base images: node:24-slim
# context: /
# output: {"type":"image"}

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

FROM install AS production
RUN --mount=type=cache,target=/root/.cache/yarn,sharing=locked yarn install --frozen-lockfile --non-interactive --production --ignore-scripts --prefer-offline

FROM install AS build
COPY . .
RUN --mount=type=cache,target=/app/node_modules/.cache,sharing=private yarn run build
RUN ["node","-e","require('fs').cpSync('/app','/built',{recursive:true,verbatimSymlinks:true,filter:path=>!process.argv.includes(path)})","/app/node_modules"]

FROM node:24-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=production --chown=1000:1000 /app ./
COPY --from=build --chown=1000:1000 /built/ ./
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH
USER 1000:1000
CMD ["node","dist/main"]
