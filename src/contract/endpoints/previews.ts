import { endpoint } from '../endpoint.ts';
import {
  newPreviewSchema,
  previewApprovalSchema,
  previewListSchema,
  previewQuerySchema,
  previewSchema,
  previewSettingsChangeSchema,
  previewSettingsSchema,
} from '../schemas/preview.ts';
import { onProject, previewParams, projectParams } from './access.ts';

const collection = '/api/projects/{project}/previews';
const one = `${collection}/{preview}` as const;
const settings = '/api/projects/{project}/preview-settings';

export const previewEndpoints = {
  list: endpoint({
    method: 'GET',
    path: collection,
    summary: 'List the previews of a project, newest push first',
    access: onProject('read'),
    params: projectParams,
    query: previewQuerySchema,
    status: 200,
    response: previewListSchema,
    errors: ['not_found'],
  }),
  open: endpoint({
    method: 'POST',
    path: collection,
    summary:
      'Open the preview of a pull request or a branch, or show another commit in it; the same again changes nothing',
    access: onProject('deploy'),
    params: projectParams,
    body: newPreviewSchema,
    status: 202,
    response: previewSchema,
    errors: ['not_found', 'host_taken', 'ref_invalid', 'repository_missing'],
  }),
  get: endpoint({
    method: 'GET',
    path: one,
    summary: 'Show a preview',
    access: onProject('read'),
    params: previewParams,
    status: 200,
    response: previewSchema,
    errors: ['not_found'],
  }),
  close: endpoint({
    method: 'DELETE',
    path: one,
    summary: 'Close a preview and remove its environment, until the next push',
    access: onProject('deploy'),
    params: previewParams,
    status: 202,
    response: previewSchema,
    errors: ['not_found'],
  }),
  approve: endpoint({
    method: 'POST',
    path: `${one}/approve`,
    summary: 'Let the newest commit of a pull request from a fork be built',
    access: onProject('deploy'),
    params: previewParams,
    body: previewApprovalSchema,
    status: 202,
    response: previewSchema,
    errors: ['not_found', 'preview_changed'],
  }),
  settings: endpoint({
    method: 'GET',
    path: settings,
    summary: 'Show what previews of a project are given',
    access: onProject('read'),
    params: projectParams,
    status: 200,
    response: previewSettingsSchema,
    errors: ['not_found'],
  }),
  updateSettings: endpoint({
    method: 'PATCH',
    path: settings,
    summary: 'Change what previews of a project are given',
    access: onProject('configure'),
    params: projectParams,
    body: previewSettingsChangeSchema,
    status: 200,
    response: previewSettingsSchema,
    errors: ['not_found'],
  }),
} as const;
