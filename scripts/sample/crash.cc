// The sample program: makes thumbnails in a thread of its own, and crashes there on a picture it does not have.
// With an argument it crashes in another way, for the tests. Breakpad writes the dump into the folder named first.
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "album.h"
#include "client/linux/handler/exception_handler.h"

namespace darkroom {

struct Job {
  const Cache<Picture>* cache;
  const char* const* names;
  std::size_t count;
};

// Runs a piece of work and says what came of it.
template <typename Work>
__attribute__((noinline)) std::uint64_t report_total(const Work& work) {
  std::uint64_t total = work();
  std::printf("%llu pixels on the longest sides\n", static_cast<unsigned long long>(total));
  return total;
}

struct ProcessAlbum {
  const Job& job;
  __attribute__((always_inline)) std::uint64_t operator()() const {
    return make_thumbnails(*job.cache, job.names, job.count);
  }
};

void* thumbnail_thread(void* argument) {
  pthread_setname_np(pthread_self(), "thumbnailer");
  // By then the main thread waits in pthread_join, as it would in a real program.
  usleep(20000);
  report_total(ProcessAlbum{*static_cast<Job*>(argument)});
  return nullptr;
}

void run_album() {
  static const Picture harbour = {"harbour.jpg", 4000, 3000};
  static const char* const names[] = {"harbour.jpg", "lighthouse.jpg"};
  Cache<Picture> cache;
  cache.put(harbour.name, &harbour);
  Job job = {&cache, names, 2};
  pthread_t thread;
  pthread_create(&thread, nullptr, thumbnail_thread, &job);
  pthread_join(thread, nullptr);
}

// Each level is a frame of its own: the volatile byte keeps the compiler from turning it into a loop.
__attribute__((noinline)) int recurse(int depth) {
  volatile char page[4096];
  std::memset(const_cast<char*>(page), depth & 0xff, sizeof(page));
  return recurse(depth + 1) + page[17];
}

__attribute__((noinline)) void write_to_null() {
  // Volatile: a compiler that sees the null pointer takes the call for impossible, and leaves it out.
  int* volatile nowhere = nullptr;
  *nowhere = 42;
}

}  // namespace darkroom

static bool report(const google_breakpad::MinidumpDescriptor& descriptor, void*, bool written) {
  // Only what is safe in a signal handler.
  const char* path = descriptor.path();
  ssize_t ignored = write(1, path, strlen(path));
  (void)ignored;
  return written;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [segv|abort|exception|thread|overflow|album]\n", argv[0]);
    return 2;
  }
  pthread_setname_np(pthread_self(), "darkroom");
  google_breakpad::MinidumpDescriptor descriptor(argv[1]);
  google_breakpad::ExceptionHandler handler(descriptor, nullptr, report, nullptr, true, -1);
  const char* how = argc > 2 ? argv[2] : "album";
  if (std::strcmp(how, "segv") == 0) darkroom::write_to_null();
  if (std::strcmp(how, "abort") == 0) std::abort();
  if (std::strcmp(how, "exception") == 0) throw std::runtime_error("no such picture");
  if (std::strcmp(how, "overflow") == 0) return darkroom::recurse(0);
  if (std::strcmp(how, "thread") == 0) {
    std::thread other(darkroom::write_to_null);
    other.join();
  }
  darkroom::run_album();
  return 0;
}
