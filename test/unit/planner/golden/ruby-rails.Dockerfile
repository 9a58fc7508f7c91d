# preset: ruby
# why: `Gemfile` and `config.ru` found
# why: `config.ru`, started by Puma
# why: Ruby 3.3.7 from `.ruby-version`
# why: assets are compiled
# base images: ruby:3.3.7-slim
# context: /
# output: {"type":"image"}

FROM ruby:3.3.7-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential git libyaml-dev pkg-config libpq-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV BUNDLE_PATH=/gems BUNDLE_WITHOUT=development:test BUNDLE_DEPLOYMENT=1 RAILS_ENV=production RACK_ENV=production
ARG BUILD_ENV_HASH
COPY Gemfile Gemfile.lock .ruby-version ./
RUN bundle install
COPY . .
RUN SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile

FROM ruby:3.3.7-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /gems /gems
COPY --from=build --chown=1000:1000 /app ./
ENV BUNDLE_PATH=/gems BUNDLE_WITHOUT=development:test BUNDLE_DEPLOYMENT=1 RAILS_ENV=production RACK_ENV=production
ENV RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1
USER 1000:1000
CMD ["sh","-c","exec bundle exec puma -b tcp://0.0.0.0:${PORT:-3000}"]
