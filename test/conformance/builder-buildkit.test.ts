import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { writeFiles } from '../harness/sample-apps.ts';
import { base, builder, docker, dockerfilePlan } from './builder-harness.ts';
import { builderConformance, type WantedBuild } from './builder.ts';

builderConformance('BuildKit', async () => {
  const places: string[] = [];
  const label = `cutover.test.builder.${randomUUID().slice(0, 8)}`;
  return {
    builder,
    label,
    app: async (wanted) => {
      const contextPath = await mkdtemp('/tmp/cutover-test-builder-');
      places.push(contextPath);
      const files = Object.entries(wanted.files ?? {}).map(([path, text]) => [`site/${path}`, text]);
      await writeFiles(contextPath, { 'site/.keep': '', ...Object.fromEntries(files) });
      return { contextPath, plan: dockerfilePlan(instructions(wanted)) };
    },
    tagged: async (tag) => {
      const [image] = await docker.listImages({ filters: { reference: [tag] } });
      return image === undefined ? null : { imageId: image.Id, label: image.Labels?.[label] };
    },
    [Symbol.asyncDispose]: async () => {
      const images = await docker.listImages({ filters: { label: [`${label}=yes`] } });
      for (const { Id } of images) await docker.getImage(Id).remove({ force: true });
      for (const place of places) await rm(place, { recursive: true, force: true });
    },
  };
});

function instructions({ exposes = [], says, fails, hangs, from = base, files }: WantedBuild): readonly string[] {
  return [
    `FROM ${from}`,
    ...exposes.map((port) => `EXPOSE ${port}`),
    ...(says === undefined ? [] : [`RUN echo "${says.stdout}"; echo "${says.stderr}" >&2`]),
    ...(fails === true ? ['RUN exit 3'] : []),
    ...(hangs === true ? [`RUN sleep 1${Math.floor(Math.random() * 1e6)}`] : []),
    ...(files === undefined ? [] : Object.keys(files).map((path) => `COPY site/${path} /out/${path}`)),
  ];
}
