# preset: ruby
# why: `Gemfile` and `config.ru` found
# why: `config.ru`, started by rackup
# why: Ruby 3.2 from `Gemfile`
# why: no Gemfile.lock, so versions may change from build to build
# base images: ruby:3.2-slim
# context: /
# output: {"type":"image"}

FROM ruby:3.2-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential git libyaml-dev pkg-config && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV BUNDLE_PATH=/gems BUNDLE_WITHOUT=development:test RAILS_ENV=production RACK_ENV=production
ARG BUILD_ENV_HASH
COPY Gemfile ./
RUN bundle install
COPY . .

FROM ruby:3.2-slim
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /gems /gems
COPY --from=build --chown=1000:1000 /app ./
ENV BUNDLE_PATH=/gems BUNDLE_WITHOUT=development:test RAILS_ENV=production RACK_ENV=production
USER 1000:1000
CMD ["sh","-c","exec bundle exec rackup -o 0.0.0.0 -p ${PORT:-3000}"]
