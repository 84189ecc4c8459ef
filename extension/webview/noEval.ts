// Zod compiles its checks with `new Function` where it may. The view's content security policy
// forbids that, and even trying is reported as a violation. Must be imported before any schema.

import { z } from 'zod';

z.config({ jitless: true });
