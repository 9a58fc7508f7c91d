import { entry } from './error-entry.ts';

/** Of images and files that are not built here. */
export const intakeErrors = {
  image_not_found: entry(
    'deployment',
    'The registry has no such image.',
    'Check name and tag, or push the image first.',
  ),
  image_wrong_platform: entry(
    'deployment',
    'The image is made for another kind of machine.',
    'Build it for the platform that the message names, for instance with `docker build --platform`.',
  ),
  image_tarball_invalid: entry(
    'deployment',
    'What was sent is no tarball with exactly one image, or one that cannot be trusted.',
    'Write it with `docker save IMAGE` or as an OCI layout, with one image for this machine in it.',
  ),
  registry_needs_credentials: entry(
    'deployment',
    'The registry asks for credentials, or does not tell whether it has the image.',
    'Set them with `cutover projects registries set`, or check the name of the image.',
  ),
  registry_credentials_refused: entry(
    'deployment',
    'The registry does not take the credentials of the project.',
    'Check that they are valid and may read the image, and set them again with `cutover projects registries set`.',
  ),
  registry_unreachable: entry(
    'deployment',
    'The registry could not be reached, or failed.',
    'Check its name and the network, then deploy again.',
  ),
  archive_refused: entry(
    'deployment',
    'The archive cannot be read, is too large, or has entries that are not taken.',
    'Pack plain files and directories, without what the message names.',
  ),
  upload_too_large: entry(
    'invalid',
    'More was sent than is allowed.',
    'Send less, or raise the limit (`CUTOVER_UPLOAD_MB`).',
  ),
  upload_interrupted: entry('invalid', 'What was sent stopped coming before it was whole.', 'Send it again.'),
  upload_gone: entry('deployment', 'What was sent is not on this machine any more.', 'Send it again.'),
} as const;
