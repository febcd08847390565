/** Chromium and Electron, toolkits, sanitizers, virtual machines, allocators. */
import type { ShippedStack } from './shipped-stack.ts';

export const FRAMEWORKS: readonly ShippedStack[] = [
  {
    what: 'Chromium: CHECK',
    frames: `base::debug::BreakDebugger()
      logging::LogMessage::~LogMessage()
      logging::CheckError::~CheckError()
      app::TabModel::activate(int)
      base::OnceCallback<void ()>::Run() &&
      base::TaskAnnotator::RunTaskImpl(base::PendingTask&)`,
    signature:
      'logging::LogMessage::~LogMessage | logging::CheckError::~CheckError | app::TabModel::activate',
  },
  {
    what: 'Chromium: out of memory',
    frames: `base::internal::OnNoMemoryInternal(unsigned long)
      partition_alloc::internal::OnNoMemory(unsigned long)
      partition_alloc::PartitionRoot::OutOfMemory(unsigned long)
      allocator_shim::internal::PartitionMalloc(unsigned long, void*)
      blink::Image::decode()`,
    signature:
      'base::internal::OnNoMemoryInternal | partition_alloc::internal::OnNoMemory | partition_alloc::PartitionRoot::OutOfMemory | allocator_shim::internal::PartitionMalloc | blink::Image::decode',
  },
  {
    what: 'Electron: V8 out of memory',
    os: 'Windows NT',
    frames: `node::OOMErrorHandler(char const *,v8::OOMDetails const &)
      v8::Utils::ReportOOMFailure(v8::internal::Isolate *,char const *,v8::OOMDetails const &)
      v8::internal::V8::FatalProcessOutOfMemory(v8::internal::Isolate *,char const *,v8::OOMDetails const &)
      v8::internal::Heap::FatalProcessOutOfMemory(char const *)
      v8::internal::Heap::CollectGarbage(v8::internal::AllocationSpace)
      v8::internal::Factory::NewFillerObject(int)`,
    signature:
      'node::OOMErrorHandler | v8::Utils::ReportOOMFailure | v8::internal::V8::FatalProcessOutOfMemory | v8::internal::Heap::FatalProcessOutOfMemory | v8::internal::Heap::CollectGarbage | v8::internal::Factory::NewFillerObject',
  },
  {
    what: 'Electron: native module',
    frames: `uv_async_send
      app_addon::Notifier::notify(int)
      app_addon::onChange(void*)`,
    signature: 'uv_async_send | app_addon::Notifier::notify',
  },
  {
    what: 'Crashpad: dump without crashing',
    frames: `crashpad::CaptureContext
      crashpad::CrashpadClient::DumpWithoutCrash(crashpad::NativeCPUContext*)
      app::Watchdog::bark()`,
    signature: 'app::Watchdog::bark',
  },
  {
    what: 'Breakpad: dump by request',
    frames: `google_breakpad::ExceptionHandler::WriteMinidump()
      app::Support::snapshot()`,
    signature: 'app::Support::snapshot',
  },
  {
    what: 'Qt: qFatal',
    frames: `raise
      abort
      qt_message_fatal(QtMsgType, QMessageLogContext const&, QString const&)
      QMessageLogger::fatal(char const*, ...) const
      app::MainWindow::restore()
      QMetaObject::activate(QObject*, int, int, void**)`,
    signature: 'QMessageLogger::fatal | app::MainWindow::restore',
  },
  {
    what: 'Qt: slot of a destroyed object',
    frames: `QObject::disconnect(QObject const*, char const*, QObject const*, char const*)
      QtPrivate::QSlotObjectBase::call(QObject*, void**)
      void doActivate<false>(QObject*, int, void**)
      app::Downloads::finished(int)
      QApplication::notify(QObject*, QEvent*)`,
    signature:
      'QObject::disconnect | QtPrivate::QSlotObjectBase::call | doActivate<T> | app::Downloads::finished',
  },
  {
    what: 'Qt: string',
    frames: `QArrayData::deallocate(QArrayData*, unsigned long, unsigned long)
      QString::~QString()
      app::Model::setData(QModelIndex const&, QVariant const&, int)`,
    signature: 'QArrayData::deallocate | QString::~QString | app::Model::setData',
  },
  {
    what: 'GTK: g_error',
    frames: `_g_log_abort
      g_log_structured_array
      g_logv
      g_log
      app_window_new
      g_application_run
      main`,
    signature: '_g_log_abort | g_log_structured_array | g_logv | g_log | app_window_new',
  },
  {
    what: 'GTK: signal to a freed object',
    frames: `g_type_check_instance
      g_signal_emit_valist
      g_signal_emit
      app_panel_update
      g_main_context_dispatch
      gtk_main`,
    signature: 'g_type_check_instance | g_signal_emit_valist | g_signal_emit | app_panel_update',
  },
  {
    what: 'X11: error',
    frames: `_XError
      handle_response
      app_x_sync`,
    signature: '_XError | handle_response',
  },
  {
    what: 'AddressSanitizer',
    frames: `__sanitizer::Die()
      __asan::ScopedInErrorReport::~ScopedInErrorReport()
      __asan::ReportGenericError(unsigned long, unsigned long, unsigned long, unsigned long, bool, unsigned long, unsigned int, bool)
      __asan_report_load8
      app::Cache::get(int)
      main`,
    signature: 'app::Cache::get',
  },
  {
    what: 'AddressSanitizer: an interceptor',
    frames: `__sanitizer::internal_memmove(void*, void const*, unsigned long)
      __asan::ReportGenericError(unsigned long)
      __interceptor_memcpy
      app::Cache::put(int)`,
    signature: '__interceptor_memcpy | app::Cache::put',
  },
  {
    what: 'UBSan',
    frames: `__ubsan_handle_shift_out_of_bounds_abort
      app::Bits::shift(int)`,
    signature: 'app::Bits::shift',
  },
  {
    what: 'JVM: native method',
    frames: `__pthread_kill_implementation
      raise
      abort
      os::abort(bool, void*, void const*)
      VMError::report_and_die(int, char const*, char const*, __va_list_tag*, Thread*, unsigned char*, void*, void*)
      JVM_handle_linux_signal
      signalHandler(int, siginfo_t*, void*)
      __restore_rt
      app_native_decode
      Java_com_example_app_Codec_decode`,
    signature: 'app_native_decode',
  },
  {
    what: 'JVM: JNI with a bad handle',
    frames: `oopDesc::klass() const
      jni_GetObjectClass
      Java_com_example_app_Bridge_send
      JavaCalls::call_helper(JavaValue*, methodHandle const&, JavaCallArguments*, JavaThread*)`,
    signature: 'oopDesc::klass | jni_GetObjectClass | Java_com_example_app_Bridge_send',
  },
  {
    what: 'Android: CheckJNI abort',
    os: 'Android',
    frames: `abort
      art::Runtime::Abort(char const*)
      art::JavaVMExt::JniAbort(char const*, char const*)
      art::(anonymous namespace)::CheckJNI::CallObjectMethodV(_JNIEnv*, _jobject*, _jmethodID*, std::__va_list)
      app_call_java
      art_quick_generic_jni_trampoline`,
    signature:
      'art::Runtime::Abort | art::JavaVMExt::JniAbort | art::(anonymous namespace)::CheckJNI::CallObjectMethodV',
  },
  {
    what: 'Go: nil map',
    frames: `runtime.raise
      runtime.dieFromSignal
      runtime.crash
      runtime.fatalpanic
      runtime.gopanic
      runtime.mapassign_faststr
      main.(*Server).register
      main.main
      runtime.main
      runtime.goexit`,
    signature: 'runtime.gopanic | runtime.mapassign_faststr | main..register',
  },
  {
    what: 'Go: nil pointer',
    frames: `runtime.raise
      runtime.sigfwdgo
      runtime.sigpanic
      main.handle
      net/http.HandlerFunc.ServeHTTP
      runtime.goexit`,
    signature: 'runtime.sigpanic | main.handle',
  },
  {
    what: 'Python: an extension',
    frames: `_Py_Dealloc
      list_dealloc
      app_ext_free
      _PyEval_EvalFrameDefault < /usr/src/python/Python/ceval.c:3112`,
    signature: '_Py_Dealloc | list_dealloc | app_ext_free',
  },
  {
    what: 'SQLite: the line within the byte code counts',
    frames: `sqlite3VdbeExec < /src/sqlite3.c:91023
      sqlite3Step
      sqlite3_step
      app::Database::query(char const*)`,
    signature: 'sqlite3VdbeExec:91023 | sqlite3Step | sqlite3_step | app::Database::query',
  },
  {
    what: 'jemalloc',
    frames: `je_arena_dalloc_bin_locked_step
      je_tcache_bin_flush_small
      app::Arena::reset()`,
    signature: 'je_arena_dalloc_bin_locked_step | je_tcache_bin_flush_small | app::Arena::reset',
  },
  {
    what: 'tcmalloc',
    frames: `tcmalloc::CentralFreeList::FetchFromOneSpans(int, void**, void**)
      tc_malloc
      app::Pool::grow()`,
    signature: 'tcmalloc::CentralFreeList::FetchFromOneSpans | tc_malloc | app::Pool::grow',
  },
  {
    what: 'mimalloc',
    frames: `mi_page_free_list_extend
      _mi_malloc_generic
      mi_malloc
      operator new(unsigned long)
      app::Pool::grow()`,
    signature: 'mi_page_free_list_extend | _mi_malloc_generic | mi_malloc | new | app::Pool::grow',
  },
  {
    what: 'nothing but the system',
    frames: `__poll
      g_main_context_iterate_unlocked
      g_main_loop_run
      start_thread
      clone3`,
    signature: '__poll',
  },
];
