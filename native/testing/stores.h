// A store in a folder of its own and made segments in it, as the store's tests use them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "leoam/status.h"
#include "store/segment_store.h"
#include "testing/segments.h"

namespace leoam::testing {

// A store below the folder. `files` must outlive it.
Result<std::unique_ptr<SegmentStore>> OpenStore(const TemporaryFolder& folder, FileSystem* files,
                                                uint64_t ram_budget = 1U << 30);

// Puts the made segment of that number.
Status PutSegment(SegmentStore* store, int number, std::string* warning = nullptr);

// Reads it back; an expectation fails where its last chunk is not what was put.
Status ReadSegment(SegmentStore* store, int number);

// Names of files in the folder that are no segments, apart from the version marker.
std::vector<std::string> Garbage(const TemporaryFolder& folder);

}  // namespace leoam::testing
