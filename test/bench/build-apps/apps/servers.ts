import { greeting, type BenchApp } from '../bench-app.ts';
import { npm, pnpmNewest, yarnBerry, yarnClassic } from '../lock-file.ts';

const gitignore = { '.gitignore': 'node_modules\ndist\n' };
const stylesheet = { 'public/style.css': 'body { font-family: sans-serif }\n' };

export const express: BenchApp = {
  name: 'express',
  preset: 'node',
  lockedBy: npm,
  source: 'server.js',
  asset: '/style.css',
  files: {
    ...gitignore,
    ...stylesheet,
    'package.json': {
      name: 'bench-express',
      private: true,
      scripts: { start: 'node server.js', dev: 'nodemon server.js' },
      dependencies: { express: '5.3.0' },
      devDependencies: { nodemon: '3.1.14' },
    },
    'server.js': `const express = require('express');

const app = express();
app.use(express.static('public'));
app.get('/', (request, response) => response.send('<h1>${greeting}</h1>'));
const server = app.listen(process.env.PORT ?? 3000);
process.on('SIGTERM', () => server.close());
`,
  },
};

const fastify: BenchApp = {
  name: 'fastify-typescript',
  preset: 'node',
  lockedBy: pnpmNewest,
  source: 'src/app.ts',
  asset: '/health',
  files: {
    ...gitignore,
    'package.json': {
      name: 'bench-fastify',
      private: true,
      type: 'module',
      packageManager: 'pnpm@12.21.0',
      scripts: { build: 'tsc', start: 'node dist/server.js' },
      dependencies: { fastify: '5.12.8' },
      devDependencies: { '@types/node': '24.19.2', typescript: '5.9.3' },
    },
    'tsconfig.json': {
      compilerOptions: { target: 'ES2022', module: 'NodeNext', outDir: 'dist', rootDir: 'src', strict: true },
      include: ['src'],
    },
    'src/app.ts': `import Fastify from 'fastify';

export function createApp() {
  const app = Fastify({ logger: true });
  app.get('/', () => ({ message: '${greeting}' }));
  app.get('/health', () => ({ ok: true }));
  return app;
}
`,
    'src/server.ts': `import { createApp } from './app.js';

const app = createApp();
await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: '0.0.0.0' });
process.on('SIGTERM', () => void app.close());
`,
  },
};

const nest: BenchApp = {
  name: 'nestjs',
  preset: 'node',
  lockedBy: yarnClassic,
  source: 'src/app.service.ts',
  asset: '/health',
  files: {
    ...gitignore,
    'package.json': {
      name: 'bench-nest',
      version: '0.0.1',
      private: true,
      scripts: {
        build: 'nest build',
        start: 'nest start',
        'start:dev': 'nest start --watch',
        'start:prod': 'node dist/main',
      },
      dependencies: {
        '@nestjs/common': '12.5.1',
        '@nestjs/core': '12.5.1',
        '@nestjs/platform-express': '12.5.1',
        'reflect-metadata': '0.2.2',
        rxjs: '7.8.2',
      },
      devDependencies: {
        '@nestjs/cli': '12.0.8',
        '@nestjs/schematics': '12.0.0',
        '@types/express': '5.0.6',
        '@types/node': '24.19.2',
        typescript: '6.0.2',
      },
    },
    'nest-cli.json': {
      collection: '@nestjs/schematics',
      sourceRoot: 'src',
      compilerOptions: { deleteOutDir: true },
    },
    'tsconfig.json': {
      compilerOptions: {
        module: 'nodenext',
        moduleResolution: 'nodenext',
        target: 'ES2023',
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
        sourceMap: true,
        outDir: './dist',
        rootDir: './src',
        incremental: true,
        skipLibCheck: true,
        strict: true,
        types: ['node'],
      },
      include: ['src'],
    },
    'tsconfig.build.json': { extends: './tsconfig.json', exclude: ['node_modules', 'test', 'dist', '**/*spec.ts'] },
    'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`,
    'src/app.module.ts': `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { AppService } from './app.service';

@Module({ controllers: [AppController], providers: [AppService] })
export class AppModule {}
`,
    'src/app.controller.ts': `import { Controller, Get } from '@nestjs/common';
import { AppService } from './app.service';

@Controller()
export class AppController {
  constructor(private readonly appService: AppService) {}

  @Get()
  getHello(): string {
    return this.appService.getHello();
  }

  @Get('health')
  getHealth(): { ok: boolean } {
    return { ok: true };
  }
}
`,
    'src/app.service.ts': `import { Injectable } from '@nestjs/common';

@Injectable()
export class AppService {
  getHello(): string {
    return '${greeting}';
  }
}
`,
  },
};

const berry: BenchApp = {
  ...express,
  name: 'express-yarn-berry',
  lockedBy: yarnBerry,
  files: {
    ...express.files,
    'package.json': {
      name: 'bench-berry',
      private: true,
      packageManager: 'yarn@4.18.1',
      scripts: { start: 'node server.js', dev: 'nodemon server.js' },
      dependencies: { express: '5.3.0' },
      devDependencies: { nodemon: '3.1.14' },
    },
  },
};

export const serverApps: readonly BenchApp[] = [express, fastify, nest, berry];
