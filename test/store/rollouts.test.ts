import { rolloutStoreConformance } from '../conformance/store/conformance.ts';
import { openPostgresStores } from './postgres-stores.ts';

rolloutStoreConformance('PostgreSQL', openPostgresStores);
