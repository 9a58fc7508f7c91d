import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import type { AppFiles } from '../app-files.ts';
import { visibleVariables } from '../build-variables.ts';
import { withCaches, type CacheMount } from '../cache-mount.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { givenStart, type StartCommand } from '../start.ts';

const availableVersions = [17, 21, 25] as const;
const defaultVersion = 21;

/** A tool that makes one file that Java can run. */
interface JavaBuild {
  /** Where it keeps what it has downloaded. */
  readonly cache: CacheMount;
  readonly tool: 'Maven' | 'Gradle';
  readonly image: (version: number) => string;
  readonly command: string;
  /** Where archives are left. */
  readonly directory: string;
}

/** Maven and Gradle, for Spring Boot and what else makes one archive with everything in it. */
export async function planJava(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const text = await buildText(files);
  const build = (await files.isFile('pom.xml')) ? maven : gradle;
  const spring = /spring-boot/.test(text);
  const start = (await givenStart(app)) ?? usualStart(text, build.tool, spring);
  const version = chooseJavaVersion(text);
  const image = build.image(version.version);
  const runtime = `eclipse-temurin:${version.version}-jre`;
  return {
    preset: 'java',
    explanation: [...seen, start.reason, `built by ${build.tool}`, version.reason],
    dockerfile: dockerfileOf(
      [
        `FROM ${image} AS build`,
        'WORKDIR /src',
        ...visibleVariables(settings),
        'COPY . .',
        ...(settings.installCommand === null ? [] : [`RUN ${shell(settings.installCommand)}`]),
        ...withCaches(
          [`RUN ${settings.buildCommand === null ? build.command : shell(settings.buildCommand)}`],
          [build.cache],
        ),
        `RUN ${shell(pickArchive(build.directory))}`,
      ],
      [
        `FROM ${runtime}`,
        'WORKDIR /app',
        'RUN chown 1000:1000 /app',
        'COPY --from=build --chown=1000:1000 /app.jar ./app.jar',
        'USER 1000:1000',
        `CMD ${JSON.stringify(start.command)}`,
      ],
    ),
    target: null,
    baseImages: [image, runtime],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

const maven: JavaBuild = {
  tool: 'Maven',
  image: (version) => `maven:3-eclipse-temurin-${version}`,
  command: 'mvn --batch-mode --no-transfer-progress -DskipTests package',
  directory: 'target',
  cache: { target: '/root/.m2', sharing: 'locked' },
};
const gradle: JavaBuild = {
  tool: 'Gradle',
  image: (version) => `gradle:${version === 25 ? '9' : '8'}-jdk${version}`,
  command: 'gradle --no-daemon --console=plain assemble',
  directory: 'build/libs',
  cache: { target: '/root/.gradle', sharing: 'locked' },
};

/** Errors: `app_not_detected` for builds whose archive cannot be known. */
async function buildText(files: AppFiles): Promise<string> {
  for (const name of ['pom.xml', 'build.gradle.kts', 'build.gradle']) {
    const text = await files.read(name);
    if (text === null) continue;
    const settings = (await files.read('settings.gradle')) ?? (await files.read('settings.gradle.kts')) ?? '';
    if (/<modules>/.test(text) || /^[ \t]*include\b/m.test(settings)) {
      throw notDetected(
        `\`${name}\` is of a build with several modules, whose app is not known: set the directory to the app's where that builds alone, or add a Dockerfile`,
      );
    }
    if (/quarkus/.test(text)) throw notDetected('Quarkus is not known yet: add a Dockerfile');
    return text;
  }
  throw notDetected(
    'the preset is java, but there is no pom.xml, build.gradle or build.gradle.kts in the app directory',
  );
}

/** An archive that holds all it needs and says what to run. */
function usualStart(text: string, tool: string, spring: boolean): StartCommand {
  const whole =
    spring ||
    /maven-shade-plugin|maven-assembly-plugin|com\.github\.johnrengelman\.shadow|com\.gradleup\.shadow|io\.ktor\.plugin|micronaut/.test(
      text,
    );
  if (!whole) {
    throw notDetected(
      `nothing makes one archive with everything in it; looked for in the ${tool} build: Spring Boot, the shade, assembly or shadow plugin, Ktor, Micronaut. Add a Dockerfile`,
    );
  }
  const port = spring ? '-Dserver.port=${PORT:-3000} ' : '';
  return {
    command: ['sh', '-c', `exec java ${port}-jar app.jar`],
    reason: spring ? 'Spring Boot' : 'an archive with everything in it',
  };
}

/** Of several archives the one with everything is by far the largest. */
function pickArchive(directory: string): string {
  const none = `echo "the build left no archive in ${directory}" >&2; exit 1`;
  return `jar=$(ls -S ${directory}/*.jar 2>/dev/null | grep -v -e '-sources.jar$' -e '-javadoc.jar$' -e '-plain.jar$' | head -n 1); [ -n "$jar" ] || { ${none}; }; cp "$jar" /app.jar`;
}

function chooseJavaVersion(text: string): { readonly version: number; readonly reason: string } {
  const said =
    /<(?:java\.version|maven\.compiler\.release|maven\.compiler\.target|release)>\s*(?:1\.)?(\d+)/.exec(text)?.[1] ??
    /JavaLanguageVersion\.of\((\d+)\)|jvmToolchain\((\d+)\)|sourceCompatibility\s*=\s*["']?(?:JavaVersion\.VERSION_)?(\d+)/
      .exec(text)
      ?.slice(1)
      .find((found) => found !== undefined);
  if (said === undefined)
    return { version: defaultVersion, reason: `Java ${defaultVersion}, the default (no version is asked for)` };
  const version = availableVersions.find((available) => available >= Number(said));
  if (version === undefined)
    throw notDetected(`Java ${said} is not known yet: the newest is ${availableVersions.at(-1)}`);
  return { version, reason: `Java ${version}${version === Number(said) ? '' : `, as ${said} is asked for`}` };
}
