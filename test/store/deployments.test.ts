import { deploymentStoreConformance } from '../conformance/store/conformance.ts';
import { openPostgresStores } from './postgres-stores.ts';

deploymentStoreConformance('PostgreSQL', openPostgresStores);
