/** The form part that Breakpad and its heirs put the crashed process's dump into; others that begin so are of related processes. */
export const MAIN_DUMP = 'upload_file_minidump';
