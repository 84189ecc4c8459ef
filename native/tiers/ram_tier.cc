#include "tiers/ram_tier.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace leoam {
namespace {

Status NoMemory() {
  return {StatusCode::kNoSpace, "The system has no memory for the context's KV."};
}

// Null where the system has no memory: that is a block that could not be read, not the end.
std::unique_ptr<uint8_t[]> AllocateRows(size_t bytes) {
  try {
    return std::make_unique_for_overwrite<uint8_t[]>(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// The same of what a fill needs besides.
Result<bool> FillRows(const RamTier::Fill& fill, const BlockId& id, bool high, uint8_t* rows) {
  try {
    return fill(id, high, rows);
  } catch (const std::bad_alloc&) {
    return NoMemory();
  }
}

Status GivenUp() { return {StatusCode::kCancelled, "The pass was given up while it waited."}; }

// A disk that hangs must not hold up what is more urgent, or who gives up.
constexpr std::chrono::milliseconds kPollInterval(5);
// After so many visits of a layer the uses of its blocks count half.
constexpr size_t kVisitsPerAge = 16;

}  // namespace

RamTier::RamTier(int layers, std::vector<size_t> block_bytes, uint64_t budget_bytes, Fill fill,
                 Run run, std::unique_ptr<DeviceTier> device)
    : block_bytes_(std::move(block_bytes)),
      budget_(budget_bytes),
      fill_(std::move(fill)),
      run_(std::move(run)),
      device_(std::move(device)),
      layers_(static_cast<size_t>(layers)) {
  for (Layer& layer : layers_) {
    layer.blocks.resize(block_bytes_.size());
  }
}

RamTier::~RamTier() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  changed_.wait(lock, [this] { return filling_ == 0; });
}

template <typename Change>
void RamTier::Update(Layer* layer, Block* block, Change change) {
  if (Droppable(*block)) {
    --layer->droppable[block->uses];
  }
  change();
  if (Droppable(*block)) {
    ++layer->droppable[block->uses];
  }
}

void RamTier::Begin(std::function<bool()> should_abort) {
  const std::lock_guard lock(mutex_);
  should_abort_ = std::move(should_abort);
  pass_wanted_ = pass_hit_ = 0;
}

void RamTier::End() {
  const std::lock_guard lock(mutex_);
  counters_.blocks_wanted += std::exchange(pass_wanted_, 0);
  counters_.blocks_hit += std::exchange(pass_hit_, 0);
}

Status RamTier::Visit(int layer, const std::vector<size_t>& chunks, Planes planes) {
  std::unique_lock lock(mutex_);
  Release();
  layer_ = layer;
  planes_ = planes;
  Layer& of = layers_[static_cast<size_t>(layer)];
  if (++of.visits % kVisitsPerAge == 0) {
    Age(layer);
  }
  // First what is here, so that making room for the others spares it.
  std::vector<size_t> missing;
  for (const size_t chunk : chunks) {
    Block& block = of.blocks[chunk];
    ++pass_wanted_;
    if (IsTooCoarse(block)) {
      Drop(&of, chunk);
    }
    const bool here = block.state == State::kReady || block.state == State::kFilling;
    pass_hit_ += here ? 1 : 0;
    block.begun = block.state == State::kFilling;
    Update(&of, &block, [&block] {
      block.wanted = true;
      block.uses = static_cast<uint8_t>(std::min<size_t>(block.uses + 1U, kUseLevels - 1));
    });
    if (!here) {
      missing.push_back(chunk);
    }
  }
  wanted_ = chunks;
  for (const size_t chunk : missing) {
    // A pass that was given up may have asked for others.
    const auto may_start = [this, chunk] {
      return MakeRoom(block_bytes_[chunk]) || !OthersAreFilling();
    };
    if (!WaitUntil(may_start, &lock)) {
      return GivenUp();
    }
    if (!Start(layer, chunk)) {
      return Status(StatusCode::kNoSpace,
                    "One layer of this context does not fit the memory of " +
                        std::to_string(budget_ >> 20) +
                        " MB that its KV may take; raise the budget or choose less.");
    }
  }
  return Status::Ok();
}

Result<const uint8_t*> RamTier::Rows(size_t chunk) {
  std::unique_lock lock(mutex_);
  Block& block = layers_[static_cast<size_t>(layer_)].blocks[chunk];
  bool is_there = Await(block, &lock);
  if (is_there && IsTooCoarse(block)) {  // a pass that was given up had asked for it
    Drop(&layers_[static_cast<size_t>(layer_)], chunk);
    Start(layer_, chunk);  // in its own place
    is_there = Await(block, &lock);
  }
  // What failed for an earlier visit, or ahead of this one, may be readable now.
  if (is_there && block.state == State::kFailed && block.begun && Start(layer_, chunk)) {
    is_there = Await(block, &lock);
  }
  if (!is_there) {
    return GivenUp();
  }
  return block.state == State::kReady ? Result<const uint8_t*>(block.rows.get())
                                      : Result<const uint8_t*>(block.failure);
}

bool RamTier::WaitUntil(const std::function<bool()>& done, std::unique_lock<std::mutex>* lock) {
  if (done()) {
    return true;
  }
  const auto started = std::chrono::steady_clock::now();
  bool is_done = false;
  while (!is_done && !(should_abort_ && should_abort_())) {
    if (should_abort_) {
      changed_.wait_for(*lock, kPollInterval);
    } else {
      changed_.wait(*lock);
    }
    is_done = done();
  }
  const std::chrono::duration<double, std::milli> waited =
      std::chrono::steady_clock::now() - started;
  counters_.waited_ms += waited.count();
  return is_done;
}

bool RamTier::Await(const Block& block, std::unique_lock<std::mutex>* lock) {
  return WaitUntil([&block] { return block.state != State::kFilling; }, lock);
}

void RamTier::Prefetch(int layer, const std::vector<size_t>& chunks) {
  const std::lock_guard lock(mutex_);
  ahead_layer_ = layer;
  Layer& of = layers_[static_cast<size_t>(layer)];
  for (const size_t chunk : chunks) {
    Block& block = of.blocks[chunk];
    if (block.state == State::kReady || block.state == State::kFilling) {
      Update(&of, &block, [&block] { block.ahead = true; });
    }
  }
  for (const size_t chunk : chunks) {
    Block& block = of.blocks[chunk];
    if (block.state != State::kReady && block.state != State::kFilling) {
      if (!Start(layer, chunk)) {
        return;
      }
      block.ahead = true;
    }
  }
}

TierCounters RamTier::counters() const {
  const std::lock_guard lock(mutex_);
  TierCounters counters = counters_;
  counters.ram_bytes = bytes_;
  counters.ram_blocks = blocks_;
  if (device_ != nullptr) {
    device_->Count(&counters);
  }
  return counters;
}

// False where there is no room.
bool RamTier::Start(int layer, size_t chunk) {
  const size_t bytes = block_bytes_[chunk];
  if (!MakeRoom(bytes)) {
    return false;
  }
  Block& block = layers_[static_cast<size_t>(layer)].blocks[chunk];
  block.state = State::kFilling;
  block.begun = false;
  bytes_ += bytes;
  ++blocks_;
  counters_.peak_bytes = std::max(counters_.peak_bytes, bytes_);
  ++filling_;
  // std::function copies what it holds.
  auto dropped = std::make_shared<std::vector<Dropped>>(std::exchange(dropped_, {}));
  const bool high = planes_ == Planes::kReadHigh;
  const bool whole = planes_ == Planes::kBoth;
  run_([this, id = BlockId{layer, chunk}, high, whole, dropped] {
    Load(id, high, whole, std::move(*dropped));
  });
  return true;
}

bool RamTier::IsClosing() const {
  const std::lock_guard lock(mutex_);
  return closing_;
}

void RamTier::Load(const BlockId& id, bool high, bool whole, std::vector<Dropped> dropped) {
  if (IsClosing()) {
    Finish(id, nullptr, /*high=*/false, /*from_device=*/false, GivenUp());
    return;
  }
  const size_t bytes = block_bytes_[id.chunk];
  std::unique_ptr<uint8_t[]> rows;
  std::optional<bool> taken;
  if (device_ != nullptr) {
    // What comes leaves its place to what goes, so for a moment both are in RAM: one block at a
    // time.
    const std::lock_guard lock(exchange_);
    rows = AllocateRows(bytes);
    if (rows != nullptr) {
      taken = device_->Take(id, {rows.get(), bytes});
    }
    for (Dropped& block : dropped) {
      device_->Insert(block.id, {block.rows.get(), block_bytes_[block.id.chunk]}, block.uses,
                      block.high);
      block.rows.reset();
    }
  } else {
    rows = AllocateRows(bytes);
  }
  if (rows == nullptr) {
    Finish(id, nullptr, /*high=*/false, /*from_device=*/false, NoMemory());
  } else if (taken.has_value() && !(whole && *taken)) {
    Finish(id, std::move(rows), *taken, /*from_device=*/true, Status::Ok());
  } else {
    const Result<bool> filled = FillRows(fill_, id, high, rows.get());
    Finish(id, std::move(rows), filled.ok() && *filled, /*from_device=*/false, filled.status());
  }
}

void RamTier::Finish(const BlockId& id, std::unique_ptr<uint8_t[]> rows, bool high,
                     bool from_device, Status status) {
  const std::lock_guard lock(mutex_);
  Layer& of = layers_[static_cast<size_t>(id.layer)];
  Block& block = of.blocks[id.chunk];
  Update(&of, &block, [&] {
    if (status.ok()) {
      block.state = State::kReady;
      block.rows = std::move(rows);
      block.high = high;
    } else {
      block.state = State::kFailed;
      bytes_ -= block_bytes_[id.chunk];
      --blocks_;
    }
    block.failure = std::move(status);
  });
  ++(from_device ? counters_.blocks_from_device : counters_.blocks_read);
  counters_.blocks_high += high && !from_device ? 1 : 0;
  --filling_;
  changed_.notify_all();
}

void RamTier::Release() {
  Layer& of = layers_[static_cast<size_t>(layer_)];
  for (const size_t chunk : wanted_) {
    Block& block = of.blocks[chunk];
    Update(&of, &block, [&block] { block.wanted = false; });
  }
  wanted_.clear();
  Layer& ahead = layers_[static_cast<size_t>(ahead_layer_)];
  for (Block& block : ahead.blocks) {
    Update(&ahead, &block, [&block] { block.ahead = false; });
  }
}

bool RamTier::OthersAreFilling() const {
  const Layer& of = layers_[static_cast<size_t>(layer_)];
  const auto own = std::count_if(wanted_.begin(), wanted_.end(), [&of](size_t chunk) {
    return of.blocks[chunk].state == State::kFilling;
  });
  return filling_ > static_cast<size_t>(own);
}

void RamTier::Age(int layer) {
  Layer& of = layers_[static_cast<size_t>(layer)];
  for (Block& block : of.blocks) {
    Update(&of, &block, [&block] { block.uses /= 2; });
  }
  if (device_ != nullptr) {
    device_->Age(layer);
  }
}

bool RamTier::MakeRoom(size_t bytes) {
  while (bytes_ + bytes > budget_) {
    if (!DropOne()) {
      return false;
    }
  }
  return true;
}

void RamTier::Drop(Layer* layer, size_t chunk) {
  Block& block = layer->blocks[chunk];
  Update(layer, &block, [&block] { block.state = State::kAbsent; });
  block.rows.reset();
  bytes_ -= block_bytes_[chunk];
  --blocks_;
}

bool RamTier::DropOne() {
  const size_t count = layers_.size();
  for (size_t uses = 0; uses < kUseLevels; ++uses) {
    // The layer before this one is visited again last.
    for (size_t back = 1; back <= count; ++back) {
      const size_t number = (static_cast<size_t>(layer_) + count - back) % count;
      Layer& layer = layers_[number];
      if (layer.droppable[uses] == 0) {
        continue;
      }
      size_t& at = layer.hand;
      while (!Droppable(layer.blocks[at]) || layer.blocks[at].uses != uses) {
        at = (at + 1) % layer.blocks.size();
      }
      Block& block = layer.blocks[at];
      if (device_ != nullptr) {
        dropped_.push_back(
            {{static_cast<int>(number), at}, std::move(block.rows), block.uses, block.high});
      }
      Drop(&layer, at);
      ++counters_.blocks_dropped;
      return true;
    }
  }
  return false;
}

}  // namespace leoam
