/**
 * Annotations that become fields as they are, with the names under which clients send them: Firefox's crash
 * reporter first, then Breakpad and Crashpad samples, Chromium, Electron (whose own annotations begin with `_`).
 */

export type FieldKind = 'string' | 'integer' | 'number' | 'boolean';

export interface AnnotationField {
  readonly field: string;
  readonly kind: FieldKind;
  readonly annotations: readonly string[];
}

const field = (name: string, kind: FieldKind, ...annotations: readonly string[]): AnnotationField => ({
  field: name,
  kind,
  annotations,
});

export const ANNOTATION_FIELDS: readonly AnnotationField[] = [
  field('product', 'string', 'ProductName', '_productName', 'prod', 'product'),
  field('version', 'string', 'Version', '_version', 'ver', 'version'),
  field('productid', 'string', 'ProductID'),
  field('vendor', 'string', 'Vendor', '_companyName'),
  field('release_channel', 'string', 'ReleaseChannel', 'channel'),
  field('build', 'string', 'BuildID', 'build_id', 'build'),
  field('distribution_id', 'string', 'DistributionID'),
  field('abort_message', 'string', 'AbortMessage', 'abort_message'),
  field('async_shutdown_timeout', 'string', 'AsyncShutdownTimeout'),
  field('ipc_channel_error', 'string', 'ipc_channel_error'),
  field('ipc_message_name', 'string', 'IPCMessageName'),
  field('js_large_allocation_failure', 'string', 'JSLargeAllocationFailure'),
  field('shutdown_progress', 'string', 'ShutdownProgress'),
  field('startup_crash', 'boolean', 'StartupCrash'),
  field('startup_time', 'integer', 'StartupTime'),
  field('remote_type', 'string', 'RemoteType'),
  field('useragent_locale', 'string', 'useragent_locale'),
  field('adapter_vendor_id', 'string', 'AdapterVendorID', 'gpu-venid'),
  field('adapter_device_id', 'string', 'AdapterDeviceID', 'gpu-devid'),
  field('adapter_driver_version', 'string', 'AdapterDriverVersion', 'gpu-driver'),
  field('android_cpu_abi', 'string', 'Android_CPU_ABI'),
  field('android_manufacturer', 'string', 'Android_Manufacturer'),
  field('android_model', 'string', 'Android_Model'),
  field('android_version', 'string', 'Android_Version'),
  field('total_physical_memory', 'integer', 'TotalPhysicalMemory'),
  field('total_virtual_memory', 'integer', 'TotalVirtualMemory'),
  field('available_physical_memory', 'integer', 'AvailablePhysicalMemory'),
  field('available_virtual_memory', 'integer', 'AvailableVirtualMemory'),
  field('available_page_file', 'integer', 'AvailablePageFile'),
  field('url', 'string', 'URL', 'url'),
  field('user_comments', 'string', 'Comments', 'comments'),
  field('email', 'string', 'Email', 'email'),
  field('app_notes', 'string', 'Notes'),
];
