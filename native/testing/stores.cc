#include "testing/stores.h"

#include <filesystem>

#include "gtest/gtest.h"

namespace leoam::testing {

Result<std::unique_ptr<SegmentStore>> OpenStore(const TemporaryFolder& folder, FileSystem* files,
                                                uint64_t ram_budget) {
  StoreOptions options;
  options.directory = folder.path() + "/store";
  options.ram_budget_bytes = ram_budget;
  return SegmentStore::Open(options, files);
}

Status PutSegment(SegmentStore* store, int number, std::string* warning) {
  const MadeSegment segment(number);
  return store->Put(segment.write, warning).status();
}

Status ReadSegment(SegmentStore* store, int number) {
  const MadeSegment expected(number);
  std::vector<std::vector<uint8_t>> chunks;
  LEOAM_RETURN_IF_ERROR(store->ReadChunks(KeyOf(number), 0, 3, Precision::kQ8, &chunks));
  std::vector<uint8_t> last;
  EncodeChunk(expected.kv, 32, 8, Precision::kQ8, &last);
  EXPECT_EQ(chunks.back(), last);
  return Status::Ok();
}

std::vector<std::string> Garbage(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.is_regular_file() && entry.path().extension() != ".seg" &&
        entry.path().filename() != "store.version") {
      names.push_back(entry.path().filename().string());
    }
  }
  return names;
}

}  // namespace leoam::testing
