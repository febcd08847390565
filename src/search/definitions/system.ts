/** What it ran on. */
import { type FieldDefinition, protectedField, publicField } from '../fields.ts';

export const systemFields: readonly FieldDefinition[] = [
  publicField('platform', 'keyword', 'Operating system.', { path: 'os_name' }),
  publicField('platform_version', 'version', 'Version of the operating system.', { path: 'os_version' }),
  publicField('platform_pretty_version', 'keyword', 'Operating system and version as people call it.', {
    path: 'os_pretty_version',
  }),
  publicField('linux_distribution', 'keyword', 'Name of the Linux distribution.', {
    path: 'lsb_release.description',
  }),
  publicField('cpu_arch', 'keyword', 'Architecture of the processor: amd64, arm64, x86, …'),
  publicField('cpu_info', 'keyword', 'Family, model and stepping of the processor.'),
  publicField('cpu_count', 'integer', 'Number of processors.'),
  publicField('cpu_microcode_version', 'keyword', 'Version of the microcode.'),
  publicField('android_model', 'keyword', 'Model of the device.'),
  publicField('android_manufacturer', 'keyword', 'Maker of the device.'),
  publicField('android_version', 'keyword', 'Android version of the device.'),
  publicField('android_cpu_abi', 'keyword', 'ABI of the device.'),
  publicField('adapter_vendor_id', 'keyword', 'Maker of the graphics adapter.'),
  publicField('adapter_device_id', 'keyword', 'Model of the graphics adapter.'),
  publicField('adapter_driver_version', 'version', 'Version of the graphics driver.'),
  publicField('total_physical_memory', 'number', 'Memory of the machine, bytes.'),
  publicField('total_virtual_memory', 'number', 'Address space of the process, bytes.'),
  publicField('available_physical_memory', 'number', 'Memory that was free, bytes.'),
  publicField('available_virtual_memory', 'number', 'Address space that was free, bytes.'),
  publicField('available_page_file', 'number', 'Page file that was free, bytes.'),
  publicField('useragent_locale', 'keyword', 'Language of the application.'),
  protectedField('mac_boot_args', 'keyword', 'Arguments that macOS was booted with.'),
];
