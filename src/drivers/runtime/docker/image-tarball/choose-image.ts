import { z } from 'zod';
import { CutoverError } from '../../../../domain/errors.ts';
import { fitsEngine, type EnginePlatform } from '../image-platform.ts';
import { shown } from '../../../archive/shown.ts';
import { resolveName, type Survey } from './survey-tarball.ts';
import { refused } from './tarball-limits.ts';

/** The one image of a tarball: names of its entries. */
export interface ChosenImage {
  readonly config: string;
  /** The lowest first. */
  readonly layers: readonly string[];
}

const savedSchema = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) }));
const platformSchema = z.object({ os: z.string(), architecture: z.string() });
const descriptorSchema = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  platform: platformSchema.optional(),
});
const indexSchema = z.object({ manifests: z.array(descriptorSchema) });
const manifestSchema = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) });
const configSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  rootfs: z.object({ diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)) }),
});

const deepest = 3;

/** Errors: `image_tarball_invalid`, `image_wrong_platform`. */
export function chooseImage(survey: Survey, engine: EnginePlatform): ChosenImage {
  const image = survey.files.has('manifest.json') ? savedImage(survey) : layoutImage(survey, engine);
  checkConfig(survey, image, engine);
  return image;
}

/** As `docker save` writes it. */
function savedImage(survey: Survey): ChosenImage {
  const images = read(survey, 'manifest.json', savedSchema);
  const [image] = images;
  if (image === undefined || images.length > 1)
    throw refused(`there are ${images.length} images in it; save one: docker save IMAGE`);
  return {
    config: resolveName(survey, image.Config),
    layers: image.Layers.map((name) => resolveName(survey, name)),
  };
}

/** The OCI layout. */
function layoutImage(survey: Survey, engine: EnginePlatform): ChosenImage {
  if (!survey.files.has('index.json')) throw refused('there is neither manifest.json nor index.json in it');
  const manifests = manifestsOf(survey, 'index.json', engine, deepest);
  const [manifest] = manifests;
  if (manifest === undefined)
    throw new CutoverError('image_wrong_platform', `the tarball has no image for ${engine.name}`);
  if (manifests.length > 1) throw refused(`there are ${manifests.length} images for ${engine.name} in it`);
  const { config, layers } = read(survey, manifest, manifestSchema);
  return { config: blob(survey, config), layers: layers.map((layer) => blob(survey, layer)) };
}

/** Names of the manifests for this machine, each once; an index may hold others. */
function manifestsOf(survey: Survey, index: string, engine: EnginePlatform, depth: number): readonly string[] {
  if (depth === 0) throw refused('its indexes are nested too deeply');
  const fitting = read(survey, index, indexSchema).manifests.filter(
    // One without a platform says in its configuration what it is made for; attestations are for `unknown`.
    ({ platform }) => platform === undefined || fitsEngine(platform, engine),
  );
  const found = fitting.flatMap((descriptor) => {
    const name = blob(survey, descriptor);
    return isIndex(survey, name) ? manifestsOf(survey, name, engine, depth - 1) : [name];
  });
  return [...new Set(found)];
}

function isIndex(survey: Survey, name: string): boolean {
  return indexSchema.safeParse(parse(survey, name)).success;
}

function blob(survey: Survey, { digest }: z.output<typeof descriptorSchema>): string {
  return resolveName(survey, `blobs/sha256/${digest.slice('sha256:'.length)}`);
}

/** What is run is what the configuration says: it names each layer by its content. */
function checkConfig(survey: Survey, { config: name, layers }: ChosenImage, engine: EnginePlatform): void {
  const config = read(survey, name, configSchema);
  if (!fitsEngine(config, engine)) {
    const made = `${config.os}/${config.architecture}`;
    throw new CutoverError('image_wrong_platform', `the image is made for ${made}, this machine is ${engine.name}`);
  }
  const expected = config.rootfs.diff_ids;
  if (expected.length !== layers.length)
    throw refused(`it has ${layers.length} layers, and its configuration names ${expected.length}`);
  for (const [index, layer] of layers.entries()) {
    if (`sha256:${survey.files.get(layer)?.digest}` !== expected[index])
      throw refused(`layer ${index + 1} is not what its configuration says`);
  }
}

function read<T>(survey: Survey, name: string, schema: z.ZodType<T>): T {
  const result = schema.safeParse(parse(survey, name));
  if (result.success) return result.data;
  throw refused(`${shown(name)} does not say what it should: ${z.prettifyError(result.error)}`);
}

function parse(survey: Survey, name: string): unknown {
  const file = survey.files.get(resolveName(survey, name));
  if (file?.json == null) throw refused(`${shown(name)} is no description of an image`);
  try {
    return JSON.parse(file.json.toString('utf8'));
  } catch (cause) {
    throw refused(`${shown(name)} is no JSON`, cause);
  }
}
