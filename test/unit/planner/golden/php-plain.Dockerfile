# preset: php
# why: `index.php` found
# why: Apache serves the app directory
# why: PHP 8.4, the default (no version is asked for)
# base images: php:8.4-apache
# context: /
# output: {"type":"image"}

FROM php:8.4-apache
RUN apt-get update && apt-get install -y --no-install-recommends git unzip && rm -rf /var/lib/apt/lists/*
WORKDIR /var/www/html
ENV PORT=3000
RUN a2enmod rewrite && sed -i 's/^Listen 80$/Listen ${PORT}/' /etc/apache2/ports.conf && sed -i -e 's/:80>/:${PORT}>/' -e 's!DocumentRoot .*!DocumentRoot /var/www/html!' /etc/apache2/sites-available/000-default.conf
ARG BUILD_ENV_HASH
RUN chown 1000:1000 .
USER 1000:1000
COPY --chown=1000:1000 . .
CMD ["apache2-foreground"]
