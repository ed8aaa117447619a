import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';

/** Makes the validated settings injectable everywhere. */
@Global()
@Module({})
export class SettingsModule {
  static of(settings: ApiSettings): DynamicModule {
    return {
      module: SettingsModule,
      providers: [{ provide: ApiSettings, useValue: settings }],
      exports: [ApiSettings],
    };
  }
}
