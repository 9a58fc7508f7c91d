# preset: php
# why: `composer.json` found
# why: Apache serves `public`
# why: PHP 8.3 from `composer.json`
# base images: php:8.3-apache, composer:2
# context: /
# output: {"type":"image"}

FROM php:8.3-apache
RUN apt-get update && apt-get install -y --no-install-recommends git unzip && rm -rf /var/lib/apt/lists/*
RUN pecl install redis && docker-php-ext-enable redis
WORKDIR /var/www/html
ENV PORT=3000
RUN a2enmod rewrite && sed -i 's/^Listen 80$/Listen ${PORT}/' /etc/apache2/ports.conf && sed -i -e 's/:80>/:${PORT}>/' -e 's!DocumentRoot .*!DocumentRoot /var/www/html/public!' /etc/apache2/sites-available/000-default.conf
ARG BUILD_ENV_HASH
RUN chown 1000:1000 .
USER 1000:1000
COPY --from=composer:2 /usr/bin/composer /usr/local/bin/composer
ENV COMPOSER_HOME=/tmp/composer
COPY --chown=1000:1000 composer.json ./
RUN composer install --no-dev --no-interaction --no-progress --no-scripts --no-autoloader --prefer-dist
COPY --chown=1000:1000 . .
RUN composer dump-autoload --optimize --no-dev
CMD ["apache2-foreground"]
