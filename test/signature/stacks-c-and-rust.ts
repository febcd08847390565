/** glibc, musl, the C++ libraries, Rust. */
import type { ShippedStack } from './shipped-stack.ts';

const rust = (file: string): string => `/rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/${file}`;

export const C_AND_RUST: readonly ShippedStack[] = [
  {
    what: 'glibc: abort',
    frames: `__pthread_kill_implementation
      __pthread_kill_internal
      __GI___pthread_kill
      __GI_raise
      __GI_abort
      app::Settings::load(std::string const&)
      main
      __libc_start_call_main
      __libc_start_main_impl
      _start`,
    signature: '__GI_abort | app::Settings::load',
  },
  {
    what: 'glibc: assert',
    frames: `__pthread_kill_implementation
      raise
      abort
      __assert_fail_base
      __assert_fail
      app::Queue::pop()
      app::Worker::run()`,
    signature: '__assert_fail_base | __assert_fail | app::Queue::pop',
  },
  {
    what: 'glibc: double free',
    frames: `__pthread_kill_implementation
      raise
      abort
      __libc_message
      malloc_printerr
      _int_free
      __GI___libc_free
      app::Image::~Image()
      main`,
    signature: 'abort | malloc_printerr | _int_free | __GI___libc_free | app::Image::~Image',
  },
  {
    what: 'glibc: stack smashing',
    frames: `raise
      abort
      __libc_message
      __fortify_fail
      __stack_chk_fail
      parse_header
      main`,
    signature: 'abort | __stack_chk_fail | parse_header',
  },
  {
    what: 'glibc: null pointer in memcpy',
    frames: `__memmove_avx_unaligned_erms
      app::Buffer::append(void const*, unsigned long)
      app::Socket::read()`,
    signature: '__memmove_avx_unaligned_erms | app::Buffer::append',
  },
  {
    what: 'glibc: strlen of null through printf',
    frames: `__strlen_avx2
      __vfprintf_internal
      __vsnprintf_internal
      log_line
      main`,
    signature: '__strlen_avx2 | __vfprintf_internal | __vsnprintf_internal',
  },
  {
    what: 'musl: abort without symbols of libc',
    frames: `[ld-musl-x86_64.so.1]
      [ld-musl-x86_64.so.1]
      app_fail
      main`,
    signature: 'app_fail',
  },
  {
    what: 'an in-process handler: what crashed is below the trampoline',
    frames: `app::report(int)
      app::onSignal(int)
      __restore_rt
      app::Parser::next()
      app::Parser::all()`,
    signature: 'app::Parser::next',
  },
  {
    what: 'libstdc++: vector grows',
    frames: `std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>(__gnu_cxx::__normal_iterator<int*, std::vector<int> >, int const&)
      std::vector<int, std::allocator<int> >::push_back(int const&)
      app::Samples::add(int)`,
    signature: 'std::vector<T>::_M_realloc_insert<T> | std::vector<T>::push_back | app::Samples::add',
  },
  {
    what: 'libstdc++: an exception that nobody caught',
    frames: `__pthread_kill_implementation
      raise
      abort
      __gnu_cxx::__verbose_terminate_handler()
      __cxxabiv1::__terminate(void (*)())
      std::terminate()
      __cxa_throw
      app::Config::at(std::string const&)
      main`,
    signature: 'std::terminate | __cxa_throw | app::Config::at',
  },
  {
    what: 'libstdc++: what a thread was started with',
    frames: `app::Pool::work()
      void std::__invoke_impl<void, void (app::Pool::*)(), app::Pool*>(std::__invoke_memfun_deref, void (app::Pool::*&&)(), app::Pool*&&)
      std::thread::_State_impl<std::thread::_Invoker<std::tuple<void (app::Pool::*)(), app::Pool*> > >::_M_run()
      execute_native_thread_routine
      start_thread
      clone3`,
    signature: 'app::Pool::work',
  },
  {
    what: 'libc++ on Android: pure virtual call',
    os: 'Android',
    frames: `abort
      abort_message
      __cxa_pure_virtual
      app::Node::visit(app::Visitor&)
      app::Tree::walk()`,
    signature: '__cxa_pure_virtual | app::Node::visit',
  },
  {
    what: 'jump through null',
    frames: `@0x0
      app::Plugin::call(int)
      main`,
    signature: '@0x0 | app::Plugin::call',
  },
  {
    what: 'jump into nowhere',
    frames: `@0x7fff12345678
      @0x41414141
      app::Plugin::call(int)`,
    signature: 'app::Plugin::call',
  },
  {
    what: 'Rust: unwrap of None',
    frames: `__pthread_kill_implementation
      raise
      abort
      std::sys::pal::unix::abort_internal < ${rust('std/src/sys/pal/unix/mod.rs')}:372
      rust_panic < ${rust('std/src/panicking.rs')}:838
      std::panicking::rust_panic_with_hook < ${rust('std/src/panicking.rs')}:821
      std::panicking::begin_panic_handler::{{closure}} < ${rust('std/src/panicking.rs')}:678
      std::sys::backtrace::__rust_end_short_backtrace < ${rust('std/src/sys/backtrace.rs')}:168
      rust_begin_unwind < ${rust('std/src/panicking.rs')}:676
      core::panicking::panic_fmt < ${rust('core/src/panicking.rs')}:75
      core::panicking::panic < ${rust('core/src/panicking.rs')}:145
      core::option::unwrap_failed < ${rust('core/src/option.rs')}:2009
      core::option::Option<app::Item>::unwrap < ${rust('core/src/option.rs')}:972
      app::store::Store::take::h0123456789abcdef < /build/src/store.rs:41
      app::main < /build/src/main.rs:9`,
    signature:
      'core::panicking::panic_fmt | core::panicking::panic | core::option::unwrap_failed | core::option::Option<T>::unwrap | app::store::Store::take',
  },
  {
    what: 'Rust: index out of bounds, on Windows',
    os: 'Windows NT',
    frames: `std::panicking::rust_panic_with_hook < C:\\rust\\library\\std\\src\\panicking.rs:629
      std::panicking::begin_panic_handler::closure$0 < C:\\rust\\library\\std\\src\\panicking.rs:521
      core::panicking::panic_bounds_check < C:\\rust\\library\\core\\src\\panicking.rs:151
      app::grid::impl$0::cell < C:\\src\\grid.rs:77
      std::rt::lang_start < C:\\rust\\library\\std\\src\\rt.rs:165`,
    signature: 'core::panicking::panic_bounds_check | app::grid::impl$0::cell',
  },
  {
    what: 'Rust: drop glue',
    frames: `__rust_dealloc
      <alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop < ${rust('alloc/src/vec/mod.rs')}:3
      core::ptr::drop_in_place<alloc::vec::Vec<app::Row>> < ${rust('core/src/ptr/mod.rs')}:4
      app::table::Table::clear < /build/src/table.rs:5`,
    signature:
      '__rust_dealloc | <alloc::vec::Vec<T, A> as core::ops::drop::Drop>::drop | core::ptr::drop_in_place<T> | app::table::Table::clear',
  },
  {
    what: 'Rust: the bottom of a thread',
    frames: `app::net::poll < /build/src/net.rs:1
      std::sys::backtrace::__rust_begin_short_backtrace < ${rust('std/src/sys/backtrace.rs')}:1
      core::ops::function::FnOnce::call_once{{vtable.shim}} < ${rust('core/src/ops/function.rs')}:1
      std::sys::pal::unix::thread::Thread::new::thread_start < ${rust('std/src/sys/pal/unix/thread.rs')}:1
      start_thread`,
    signature: 'app::net::poll',
  },
];
