import { greeting, type BenchApp } from '../bench-app.ts';
import { npm } from '../lock-file.ts';

/** As `ng new` makes it, without tests. */
export const angular: BenchApp = {
  name: 'angular',
  preset: 'angular',
  lockedBy: npm,
  source: 'src/app/app.ts',
  asset: /main-[\w-]+\.js/,
  files: {
    '.gitignore': 'node_modules\ndist\n.angular\n',
    'package.json': {
      name: 'bench-angular',
      version: '0.0.0',
      private: true,
      scripts: {
        ng: 'ng',
        start: 'ng serve',
        build: 'ng build',
        watch: 'ng build --watch --configuration development',
      },
      dependencies: {
        '@angular/common': '22.2.6',
        '@angular/compiler': '22.2.6',
        '@angular/core': '22.2.6',
        '@angular/platform-browser': '22.2.6',
        '@angular/router': '22.2.6',
        rxjs: '7.8.2',
        tslib: '2.8.1',
      },
      devDependencies: {
        '@angular/build': '22.2.7',
        '@angular/cli': '22.2.7',
        '@angular/compiler-cli': '22.2.6',
        typescript: '6.0.2',
      },
    },
    'angular.json': {
      version: 1,
      newProjectRoot: 'projects',
      projects: {
        'bench-angular': {
          projectType: 'application',
          root: '',
          sourceRoot: 'src',
          prefix: 'app',
          architect: {
            build: {
              builder: '@angular/build:application',
              options: {
                browser: 'src/main.ts',
                tsConfig: 'tsconfig.app.json',
                assets: [{ glob: '**/*', input: 'public' }],
                styles: ['src/styles.css'],
              },
              configurations: { production: { outputHashing: 'all' } },
              defaultConfiguration: 'production',
            },
          },
        },
      },
    },
    'tsconfig.json': {
      compileOnSave: false,
      compilerOptions: {
        strict: true,
        skipLibCheck: true,
        isolatedModules: true,
        experimentalDecorators: true,
        importHelpers: true,
        target: 'ES2022',
        module: 'preserve',
      },
    },
    'tsconfig.app.json': {
      extends: './tsconfig.json',
      compilerOptions: { outDir: './out-tsc/app', types: [] },
      include: ['src/**/*.ts'],
    },
    'public/robots.txt': 'User-agent: *\nAllow: /\n',
    'src/index.html': `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Bench</title>
    <base href="/" />
  </head>
  <body><app-root></app-root></body>
</html>
`,
    'src/main.ts': `import { bootstrapApplication } from '@angular/platform-browser';
import { App } from './app/app';

bootstrapApplication(App).catch((error) => console.error(error));
`,
    'src/app/app.ts': `import { Component, signal } from '@angular/core';

@Component({ selector: 'app-root', template: '<h1>{{ title() }}</h1>' })
export class App {
  protected readonly title = signal('${greeting}');
}
`,
    'src/styles.css': 'body { font-family: sans-serif }\n',
  },
};
