// The album of the sample program: small enough to read, and with the shapes that stacks have (templates, inlines).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace darkroom {

struct Picture {
  std::string name;
  std::uint32_t width;
  std::uint32_t height;

  // Inlined into its callers: the crash happens in here when `this` is null.
  std::uint32_t longest_side() const { return width; }
};

// What was decoded already, by name.
template <typename Value>
class Cache {
 public:
  void put(const std::string& key, const Value* value) { entries_[key] = value; }

  // Null when the key is not there.
  const Value* find(const std::string& key) const {
    auto entry = entries_.find(key);
    return entry == entries_.end() ? nullptr : entry->second;
  }

 private:
  std::map<std::string, const Value*> entries_;
};

// Makes a thumbnail of every picture on the list; answers the length of their longest sides together.
std::uint64_t make_thumbnails(const Cache<Picture>& cache, const char* const* names, std::size_t count);

}  // namespace darkroom
