import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { PlanPreset } from './app.ts';
import { planGo } from './go/plan-go.ts';
import { planAngular } from './node/plan-angular.ts';
import { planAstro } from './node/plan-astro.ts';
import { planNext } from './node/plan-next.ts';
import { planNode } from './node/plan-node.ts';
import { planNuxt } from './node/plan-nuxt.ts';
import { planRemix } from './node/plan-remix.ts';
import { planDocusaurus, planSite } from './node/plan-site.ts';
import { planSvelteKit } from './node/plan-sveltekit.ts';
import { planVite } from './node/plan-vite.ts';
import { planBun } from './other/plan-bun.ts';
import { planDeno } from './other/plan-deno.ts';
import { planDotnet } from './other/plan-dotnet.ts';
import { planElixir } from './other/plan-elixir.ts';
import { planJava } from './other/plan-java.ts';
import { planPhp } from './other/plan-php.ts';
import { planRuby } from './other/plan-ruby.ts';
import { planDockerfile } from './plan-dockerfile.ts';
import { planStatic } from './plan-static.ts';
import { planPython } from './python/plan-python.ts';
import { planRust } from './rust/plan-rust.ts';

/** Who makes the plan of each preset. */
export const planPreset: Readonly<Record<BuildPlan['preset'], PlanPreset>> = {
  dockerfile: planDockerfile,
  static: planStatic,
  nextjs: planNext,
  nuxt: planNuxt,
  sveltekit: planSvelteKit,
  astro: planAstro,
  remix: planRemix,
  docusaurus: planDocusaurus,
  angular: planAngular,
  vite: planVite,
  site: planSite,
  node: planNode,
  bun: planBun,
  deno: planDeno,
  python: planPython,
  go: planGo,
  rust: planRust,
  php: planPhp,
  ruby: planRuby,
  java: planJava,
  dotnet: planDotnet,
  elixir: planElixir,
};
