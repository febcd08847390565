/** What Windows, macOS and iOS put around an app. */
import type { ShippedStack } from './shipped-stack.ts';

export const WINDOWS_AND_MACOS: readonly ShippedStack[] = [
  {
    what: 'Windows: heap corruption',
    os: 'Windows NT',
    frames: `RtlReportFatalFailure
      RtlReportCriticalFailure
      RtlpHeapHandleError
      RtlpLogHeapFailure
      RtlFreeHeap
      _free_base
      app::Texture::release()
      BaseThreadInitThunk
      RtlUserThreadStart`,
    signature:
      'RtlReportFatalFailure | RtlReportCriticalFailure | RtlpHeapHandleError | RtlpLogHeapFailure | RtlFreeHeap | _free_base | app::Texture::release',
  },
  {
    what: 'Windows: C++ exception that nobody caught',
    os: 'Windows NT',
    frames: `RaiseException
      _CxxThrowException
      app::Document::open(std::basic_string<wchar_t> const &)
      app::Main::run()
      invoke_main
      __scrt_common_main_seh
      BaseThreadInitThunk
      RtlUserThreadStart`,
    signature: '_CxxThrowException | app::Document::open',
  },
  {
    what: 'Windows: pure virtual call',
    os: 'Windows NT',
    frames: `abort
      _purecall
      app::Shape::draw(app::Canvas &)
      app::Scene::paint()`,
    signature: '_purecall | app::Shape::draw',
  },
  {
    what: 'Windows: stack cookie',
    os: 'Windows NT',
    frames: `__report_gsfailure
      __GSHandlerCheck
      app::copyName(char const *)
      app::main()`,
    signature: '__report_gsfailure | __GSHandlerCheck | app::copyName',
  },
  {
    what: 'Windows: waiting in a hang',
    os: 'Windows NT',
    frames: `NtWaitForSingleObject
      WaitForSingleObjectEx
      app::Lock::acquire()
      app::Main::save()`,
    signature: 'app::Lock::acquire',
  },
  {
    what: 'Windows: graphics driver without symbols',
    os: 'Windows NT',
    frames: `[nvoglv64.dll]
      [nvoglv64.dll]
      [NVOGLV64.dll]
      [opengl32.dll]
      app::Renderer::flush()`,
    signature: 'nvoglv64.dll | opengl32.dll | app::Renderer::flush',
  },
  {
    what: 'Windows: a destroyed lock',
    os: 'Windows NT',
    frames: `RtlpWaitOnCriticalSection
      RtlpEnterCriticalSectionContended
      RtlEnterCriticalSection
      app::Registry::find(int)`,
    signature: 'RtlEnterCriticalSection | app::Registry::find',
  },
  {
    what: 'Windows: the debug heap and UCRT',
    os: 'Windows NT',
    frames: `_invoke_watson
      _invalid_parameter
      _invalid_parameter_noinfo
      strcpy_s
      app::setTitle(char const *)`,
    signature: '_invalid_parameter | _invalid_parameter_noinfo | strcpy_s | app::setTitle',
  },
  {
    what: 'macOS: message to a freed object',
    os: 'Mac OS X',
    frames: `objc_msgSend
      -[AppDocument close]
      -[NSWindow _close]
      -[NSApplication run]
      NSApplicationMain
      start`,
    signature: 'objc_msgSend | -[AppDocument close]',
  },
  {
    what: 'macOS: Objective-C exception',
    os: 'Mac OS X',
    frames: `__pthread_kill
      pthread_kill
      abort
      abort_message
      demangling_terminate_handler()
      _objc_terminate()
      std::__terminate(void (*)())
      objc_exception_throw
      -[__NSArrayM objectAtIndex:]
      -[AppTable rowAt:]
      -[NSApplication run]`,
    signature: 'objc_exception_throw | -[__NSArrayM objectAtIndex:] | -[AppTable rowAt:]',
  },
  {
    what: 'macOS: hang in the run loop of the app',
    os: 'Mac OS X',
    frames: `mach_msg2_trap
      mach_msg2_internal
      mach_msg_overwrite
      mach_msg
      __CFRunLoopServiceMachPort
      __CFRunLoopRun
      CFRunLoopRunSpecific
      AppSync::wait()
      main`,
    signature: 'AppSync::wait',
  },
  {
    what: 'macOS: release too much',
    os: 'Mac OS X',
    frames: `objc_release
      AutoreleasePoolPage::releaseUntil(objc_object**)
      objc_autoreleasePoolPop
      _CFAutoreleasePoolPop
      -[NSAutoreleasePool drain]
      AppThread::loop()`,
    signature:
      'objc_release | AutoreleasePoolPage::releaseUntil | objc_autoreleasePoolPop | _CFAutoreleasePoolPop | -[NSAutoreleasePool drain] | AppThread::loop',
  },
  {
    what: 'iOS: Swift assertion',
    os: 'iOS',
    frames: `_assertionFailure(_:_:file:line:flags:)
      App.Cart.total.getter
      UIApplicationMain
      start`,
    signature: '_assertionFailure | App.Cart.total.getter',
  },
  {
    what: 'iOS: frameworks without symbols',
    os: 'iOS',
    frames: `[libsystem_kernel.dylib]
      [libsystem_pthread.dylib]
      [libsystem_c.dylib]
      [CoreFoundation]
      [CoreFoundation]
      [UIKitCore]
      AppDelegate.restore()`,
    signature: 'CoreFoundation | UIKitCore | AppDelegate.restore',
  },
];
