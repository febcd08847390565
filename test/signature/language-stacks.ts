/** Stacks as runtimes print them, and the names and the signature that they shall have. */
export interface LanguageStack {
  readonly what: string;
  readonly language: string;
  readonly text: string;
  /** The first frames, as the lists know them. */
  readonly names: readonly string[];
  /** With the lists of the package. */
  readonly signature: string;
}

export const LANGUAGE_STACKS: readonly LanguageStack[] = [
  {
    what: 'a panic of Go in a closure of a method',
    language: 'go',
    text: `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a2f0c]

goroutine 18 [running]:
runtime.gopanic({0x55d2a0?, 0x6f8a10?})
	/usr/local/go/src/runtime/panic.go:792 +0x132
runtime.panicmem(...)
	/usr/local/go/src/runtime/panic.go:262
runtime.sigpanic()
	/usr/local/go/src/runtime/signal_unix.go:925 +0x359
github.com/acme/shop/vendor/github.com/jackc/pgx/v5.(*Conn).Exec.func2(0xc000128000, {0x1, 0x2})
	/src/vendor/github.com/jackc/pgx/v5/conn.go:412 +0x8c
main.Map[go.shape.int,go.shape.string](...)
	/src/map.go:7
main.(*Server).handle-fm({0x7f, 0xc00010})
	/src/main.go:31 +0x45
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3454 +0x485

goroutine 1 [IO wait]:
internal/poll.runtime_pollWait(0x7f, 0x72)
	/usr/local/go/src/runtime/netpoll.go:351 +0x85
`,
    names: [
      'runtime.gopanic',
      'runtime.panicmem',
      'runtime.sigpanic',
      'github.com/jackc/pgx/v5.(*Conn).Exec.func',
      'main.Map[...]',
      'main.(*Server).handle.func',
      'net/http.(*Server).Serve',
    ],
    signature: 'runtime.gopanic | runtime.sigpanic | github.com/jackc/pgx/v5.(*Conn).Exec.func',
  },
  {
    what: 'a chained traceback of Python',
    language: 'python',
    text: `Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/apt/cache.py", line 152, in __init__
    self.open(progress)
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/bin/update-manager", line 118, in <module>
    app = UpdateManager(data_dir, options)
  File "/usr/lib/python3.11/runpy.py", line 86, in _run_code
    exec(code, run_globals)
  File "/usr/lib/python3/dist-packages/UpdateManager/UpdateManager.py", line 90, in <listcomp>
    for x in self.cache
  File "/usr/lib/python3/dist-packages/apt/__init__.py", line 7, in Cache.open.<locals>.<lambda>
    raise LockFailedException()
apt.cache.LockFailedException: E:Could not get lock /var/lib/dpkg/lock
`,
    names: [
      'apt.Cache.open.<locals>.<lambda>',
      'UpdateManager.UpdateManager.<listcomp>',
      'runpy._run_code',
      'update-manager.<module>',
    ],
    signature: 'apt.Cache.open.<locals>.<lambda>',
  },
  {
    what: 'Ruby before 3.4',
    language: 'ruby',
    text: `/app/models/user.rb:12:in \`block (2 levels) in save': undefined method \`name' for nil (NoMethodError)
	from /app/models/user.rb:9:in \`each'
	from /var/lib/gems/3.0.0/gems/rack-2.2.8/lib/rack/server.rb:40:in \`rescue in call'
	from bin/rails:4:in \`<main>'`,
    names: ['user.rb:save', 'user.rb:each', 'server.rb:call', 'rails:<main>'],
    signature: 'user.rb:save',
  },
  {
    what: 'Ruby since 3.4',
    language: 'ruby',
    text: `app/models/user.rb:12:in 'block in User#save': undefined method 'name' for nil (NoMethodError)
	from app/models/user.rb:9:in 'Array#each'
	from app/models/user.rb:2:in '<class:User>'
	from bin/rails:4:in '<main>'`,
    names: ['User#save', 'Array#each', '<class:User>', 'rails:<main>'],
    signature: 'User#save',
  },
  {
    what: 'Node with an async function',
    language: 'javascript',
    text: `TypeError: Cannot read properties of undefined (reading 'id')
    at Object.<anonymous> (/app/dist/main.3f2a9c1b.js:10:15)
    at async Promise.all (index 0)
    at async Store.load [as reload] (file:///app/src/store.mjs:88:11)
    at new Window (node:internal/window:3:5)
    at /app/src/boot.js:3:1
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)`,
    names: [
      'main.js:<anonymous>',
      'Promise.all',
      'Store.load',
      'new Window',
      'boot.js:<anonymous>',
      'process.processTicksAndRejections',
    ],
    signature: 'main.js:<anonymous>',
  },
  {
    what: 'an Electron renderer that was bundled',
    language: 'javascript',
    text: `Error: boom
    at n.handleClick (webpack://shop/./src/cart.tsx?91ab:40:3)
    at eval (eval at run (webpack://shop/./src/run.ts?0:1:1), <anonymous>:1:1)
    at HTMLButtonElement.<anonymous> (app://obj/index.html:3:9)`,
    names: ['n.handleClick', 'eval', 'HTMLButtonElement.<anonymous>'],
    signature: 'n.handleClick',
  },
  {
    what: 'Firefox',
    language: 'javascript',
    text: `save/<@https://example.org/app-0a1b2c3d4e.js:4:7
load@https://example.org/app-0a1b2c3d4e.js:9:1
@https://example.org/app-0a1b2c3d4e.js:12:1`,
    names: ['save', 'load', 'app.js:<anonymous>'],
    signature: 'save',
  },
  {
    what: '.NET with state machines and lambdas',
    language: 'dotnet',
    text: `Unhandled exception. System.NullReferenceException: Object reference not set to an instance of an object.
   at App.Cart.<AddAsync>d__12.MoveNext() in C:\\src\\Cart.cs:line 40
--- End of stack trace from previous location ---
   at App.Cart.<>c__DisplayClass5_0.<Find>b__1(Item x) in C:\\src\\Cart.cs:line 51
   at App.Cart.<Find>g__Check|5_0(Int32 n)
   at System.Collections.Generic.List\`1[System.__Canon].ForEach(Action\`1 action)
   at App.Outer+Inner..ctor(String name)
   at App.Program.Main(String[] args) in C:\\src\\Program.cs:line 12`,
    names: [
      'App.Cart.AddAsync',
      'App.Cart.Find.lambda',
      'App.Cart.Find.Check',
      'System.Collections.Generic.List.ForEach',
      'App.Outer.Inner.ctor',
      'App.Program.Main',
    ],
    signature: 'App.Cart.AddAsync',
  },
  {
    what: 'Mono',
    language: 'dotnet',
    text: `  at (wrapper managed-to-native) Mono.Native.Call(intptr,int)
  at App.View.Draw (System.Int32 x) [0x00012] in <4b1b3c8e>:0 `,
    names: ['Mono.Native.Call', 'App.View.Draw'],
    signature: 'Mono.Native.Call',
  },
  {
    what: 'Swift, demangled',
    language: 'swift',
    text: `0   App      0x0000000104a1 closure #1 (Swift.Int) -> () in App.View.tap(at: __C.CGPoint, Swift.Int) -> () + 24 (View.swift:12)
1   App      0x0000000104b200aa partial apply for closure #2 in static App.Store.load<A>(_:key:) + 8
2   App      0x0000000104b300aa protocol witness for App.Loading.load(key: Swift.String) async throws -> Swift.Int in conformance App.Store : App.Loading in App + 8
3   App      0x0000000104b400aa @objc App.View.viewDidLoad() + 12
4   libdyld  0x0000000184b400aa generic specialization <Swift.Int> of Swift.Array.append(__owned A) -> () + 12`,
    names: [
      'closure in App.View.tap(at:_:)',
      'closure in App.Store.load(_:key:)',
      'App.Loading.load(key:)',
      'App.View.viewDidLoad()',
      'Swift.Array.append(_:)',
    ],
    signature: 'closure in App.View.tap(at:_:)',
  },
  {
    what: 'an Objective-C crash report',
    language: 'swift',
    text: `0   AppKit      0x00007ff81b2c1a10 __45-[NSWindow(Private) setFrame:display:]_block_invoke.123 + 20
1   Foundation  0x00007ff81b2c1a20 -[NSObject(NSKeyValue) setValue:forKey:] + 300
2   App         0x0000000100001a30 +[Store shared] + 10
3   App         0x0000000100001a40 app::Loop::run(int) + 10`,
    names: [
      '-[NSWindow setFrame:display:]_block_invoke',
      '-[NSObject setValue:forKey:]',
      '+[Store shared]',
      'app::Loop::run',
    ],
    signature: '-[NSWindow setFrame:display:]_block_invoke | -[NSObject setValue:forKey:] | +[Store shared]',
  },
  {
    what: 'an oops of the Linux kernel',
    language: 'kernel',
    text: `[  123.456789] BUG: kernel NULL pointer dereference, address: 0000000000000008
[  123.456790] RIP: 0010:ext4_find_entry.isra.0+0x1a/0x530 [ext4]
[  123.456791] Call Trace:
[  123.456792]  <TASK>
[  123.456793]  ? __die+0x20/0x70
[  123.456794]  ext4_lookup.part.0+0x5b/0x80 [ext4]
[  123.456795]  __x64_sys_openat+0x55/0xa0
[  123.456796]  do_syscall_64+0x5c/0x90

[  123.456797] ---[ end trace 0000000000000000 ]---`,
    names: ['ext4_find_entry', 'ext4_lookup', 'sys_openat', 'do_syscall_64'],
    signature: 'ext4_find_entry',
  },
];
