import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CutoverError } from '../../../src/domain/errors.ts';
import type { SampleFiles } from '../../harness/sample-apps.ts';
import { planOf } from './fixture.ts';
import { manifest } from './layouts/layout.ts';

const limitMs = 3_000;
const many = 300_000;
const next = manifest({ build: 'next build' }, ['next']);
const astro = manifest({ build: 'astro build' }, ['astro']);

describe('a repository cannot make planning take long', () => {
  const rows: readonly (readonly [rule: string, files: SampleFiles])[] = [
    ['comments that never end', { 'package.json': next, 'next.config.js': '/*'.repeat(many) }],
    ['comments that never end in JSON', { 'package.json': {}, 'angular.json': '/*'.repeat(many) }],
    ['words that nearly match', { 'package.json': astro, 'astro.config.mjs': `from "${'astro'.repeat(6_500)}` }],
    ['lines without anything', { 'requirements.txt': '\n'.repeat(many), 'main.py': '' }],
    [
      'functions without an end',
      { 'requirements.txt': '', 'main.py': `Flask(\n${'def create_app(\n'.repeat(100_000)}` },
    ],
    [
      'settings of empty lines',
      { 'requirements.txt': 'django', 'manage.py': "('DJANGO_SETTINGS_MODULE', 'a')", 'a.py': '\n'.repeat(many) },
    ],
    ['gems of empty lines', { Gemfile: '\n'.repeat(many), 'config.ru': '' }],
    ['modules of empty lines', { 'go.mod': '\n'.repeat(many), 'main.go': 'package main' }],
    ['TOML that nests', { 'Cargo.toml': `a = ${'['.repeat(many)}`, 'src/main.rs': '' }],
    ['TOML with long keys', { 'Cargo.toml': `${'a.'.repeat(many)}a = 1`, 'src/main.rs': '' }],
    ['TOML that never ends', { 'pyproject.toml': `a = """${'"" '.repeat(many)}`, 'main.py': '' }],
    ['stars', { 'package.json': { workspaces: ['*a*a*a*a*a*a*a*a*b'] }, [`${'a'.repeat(200)}/package.json`]: {} }],
    ['stars of directories', { 'package.json': { workspaces: ['**/**/**/**/x'] }, 'a/b/c/d/package.json': {} }],
  ];
  for (const [rule, files] of rows) {
    it(rule, async (t) => {
      const began = performance.now();
      await planOf(t, files).catch((error: unknown) => assert.ok(error instanceof CutoverError, String(error)));
      const took = performance.now() - began;
      assert.ok(took < limitMs, `${took} ms`);
    });
  }
});
