// The worker of the sample program.
#include "album.h"

namespace darkroom {

// The bug: a picture that was never added is not in the cache, and nobody asks.
template <typename Value>
inline std::uint32_t side_of(const Value* value) {
  return value->longest_side();
}

__attribute__((noinline)) std::uint32_t make_thumbnail(const Cache<Picture>& cache, const std::string& name) {
  const Picture* picture = cache.find(name);
  return side_of(picture);
}

__attribute__((noinline)) std::uint64_t make_thumbnails(const Cache<Picture>& cache, const char* const* names,
                                                        std::size_t count) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    total += make_thumbnail(cache, names[i]);
  }
  return total;
}

}  // namespace darkroom
