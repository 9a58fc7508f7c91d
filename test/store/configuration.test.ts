import { configurationStoreConformance } from '../conformance/store/conformance.ts';
import { openPostgresStores } from './postgres-stores.ts';

configurationStoreConformance('PostgreSQL', openPostgresStores);
