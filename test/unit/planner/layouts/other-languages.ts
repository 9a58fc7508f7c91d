import { manifest, npmLock, type Layouts } from './layout.ts';

const pom = (rest: string) => `<project><properties><java.version>21</java.version></properties>${rest}</project>`;

/** Languages of which only the usual shapes are known. */
export const otherLanguages: Layouts = {
  'php-laravel-vite': {
    files: {
      artisan: '',
      'composer.json': { require: { php: '^8.2', 'laravel/framework': '^12', 'ext-gd': '*' } },
      'composer.lock': '{}',
      'public/index.php': '',
      'package.json': manifest({ build: 'vite build', dev: 'vite' }, [], { devDependencies: { vite: '^7' } }),
      ...npmLock,
      'vite.config.js': '',
    },
  },
  'php-plain': { files: { 'index.php': '<?php echo 1;' } },
  'php-composer-redis': {
    files: {
      'composer.json': { require: { php: '>=8.1 <8.4', 'ext-redis': '*', 'ext-json': '*' } },
      'public/index.php': '',
    },
  },
  'ruby-rails': {
    files: {
      Gemfile: 'source "https://rubygems.org"\ngem "rails"\n',
      'Gemfile.lock': 'GEM\n  specs:\n    pg (1.5.9)\n    propshaft (1.1.0)\n    puma (6.6.0)\n    rails (8.0.2)\n',
      'config.ru': '',
      'config/application.rb': '',
      '.ruby-version': 'ruby-3.3.7\n',
    },
  },
  'ruby-sinatra': { files: { Gemfile: "ruby '~> 3.2'\ngem 'sinatra'\ngem 'rackup'\n", 'config.ru': '' } },
  'java-spring-boot-maven': {
    files: {
      'pom.xml': pom(
        '<build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>',
      ),
    },
  },
  'java-ktor-gradle': {
    files: {
      'build.gradle.kts': 'plugins { id("io.ktor.plugin") version "3.1.0" }\nkotlin { jvmToolchain(17) }\n',
      'settings.gradle.kts': '',
    },
  },
  'dotnet-web': {
    files: {
      'Shop.sln': '',
      'src/Shop.Web/Shop.Web.csproj':
        '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>',
      'src/Shop.Core/Shop.Core.csproj': '<Project Sdk="Microsoft.NET.Sdk"></Project>',
    },
  },
  'elixir-phoenix': {
    files: {
      'mix.exs': 'def project, do: [app: :shop]\ndefp aliases, do: ["assets.deploy": ["esbuild default --minify"]]\n',
      'mix.lock': '',
      '.tool-versions': 'elixir 1.18.3-otp-27\n',
    },
  },
};
