# preset: php
# why: `artisan` found
# why: Apache serves `public`
# why: PHP 8.4 from `composer.json`
# why: assets built on Node
# base images: node:24-slim, php:8.4-apache, composer:2
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

FROM php:8.4-apache
RUN apt-get update && apt-get install -y --no-install-recommends git libfreetype-dev libjpeg62-turbo-dev libpng-dev libpq-dev libzip-dev unzip && rm -rf /var/lib/apt/lists/*
RUN docker-php-ext-configure gd --with-freetype --with-jpeg
RUN docker-php-ext-install bcmath gd pdo_mysql pdo_pgsql zip
WORKDIR /var/www/html
ENV PORT=3000
RUN a2enmod rewrite && sed -i 's/^Listen 80$/Listen ${PORT}/' /etc/apache2/ports.conf && sed -i -e 's/:80>/:${PORT}>/' -e 's!DocumentRoot .*!DocumentRoot /var/www/html/public!' /etc/apache2/sites-available/000-default.conf
ARG BUILD_ENV_HASH
RUN chown 1000:1000 .
USER 1000:1000
COPY --from=composer:2 /usr/bin/composer /usr/local/bin/composer
ENV COMPOSER_HOME=/tmp/composer
COPY --chown=1000:1000 composer.json composer.lock ./
RUN composer install --no-dev --no-interaction --no-progress --no-scripts --no-autoloader --prefer-dist
COPY --chown=1000:1000 . .
RUN composer dump-autoload --optimize --no-dev
COPY --from=build --chown=1000:1000 /app/public/build ./public/build
CMD ["apache2-foreground"]
