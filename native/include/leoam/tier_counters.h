// What the tiers of a context have done, as it is printed and shown.
#pragma once

#include <cstdint>

namespace leoam {

struct TierCounters {
  uint64_t context = 0;        // which one, in this process: sessions that hold the same share it
  uint64_t blocks_wanted = 0;  // by layers of passes that were not given up
  uint64_t blocks_hit = 0;     // of these, in RAM already, or on the way there
  uint64_t blocks_read = 0;    // from the disk tier, also ahead of being wanted
  uint64_t blocks_high = 0;    // of these, the high plane alone
  uint64_t bytes_read = 0;
  double link_mb_per_s = 0;     // fitted: the disk, all reads under way together
  double decode_mb_per_s = 0;   // fitted: decoding what was read, on all cores
  uint64_t blocks_dropped = 0;  // from RAM, for others
  // Where it is asked for, of layers of passes whose attention was counted: what took part, and the
  // fewest of these blocks that hold 98.5 % of the attention that went to all of them.
  uint64_t blocks_weighed = 0;
  uint64_t blocks_needed = 0;
  uint64_t peak_bytes = 0;      // of RAM
  double waited_ms = 0;         // by passes, for the disk and the device
  uint64_t abstract_bytes = 0;  // of keys, in RAM; none where all takes part
  uint64_t kv_bytes = 0;        // of the context, as RAM would hold it
  double choose_ms = 0;         // judging abstracts
  uint64_t ram_bytes = 0;       // blocks in RAM now
  uint64_t ram_blocks = 0;      // how many these are
  // Of a device that takes what RAM has no room for.
  uint64_t blocks_from_device = 0;
  uint64_t bytes_to_device = 0;
  uint64_t bytes_from_device = 0;
  uint64_t device_budget_bytes = 0;  // its memory that is taken for this; 0 where it had no room
  uint64_t device_bytes = 0;         // held there now
  uint64_t device_blocks = 0;
  uint64_t device_peak_bytes = 0;
  bool device_lost = false;  // it failed; the disk serves what it held
};

}  // namespace leoam
