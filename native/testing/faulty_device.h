// A device's memory that is lost where a test says: all that is copied from then on fails.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "testing/models.h"
#include "tiers/device_memory.h"

namespace leoam::testing {

class FaultyDevice final : public DeviceMemory {
 public:
  // Lost after so many copies.
  FaultyDevice(std::shared_ptr<DeviceMemory> real, int copies)
      : real_(std::move(real)), copies_left_(copies) {}

  size_t size() const override { return real_->size(); }
  Status Write(size_t offset, std::span<const uint8_t> bytes) override {
    return Works() ? real_->Write(offset, bytes) : Lost();
  }
  Status Read(size_t offset, std::span<uint8_t> out) override {
    return Works() ? real_->Read(offset, out) : Lost();
  }

 private:
  bool Works() { return --copies_left_ >= 0; }
  static Status Lost() { return {StatusCode::kIo, "The device failed: injected fault."}; }

  const std::shared_ptr<DeviceMemory> real_;
  std::atomic<int> copies_left_;
};

// Memory of the device that tests are to take, which is the processor's own by default: that is a
// device that they have everywhere.
inline std::shared_ptr<DeviceMemory> TestDevice(size_t bytes) {
  auto memory = AllocateDeviceMemory(DeviceName(), bytes);
  return memory.ok() ? std::move(memory).value() : nullptr;
}

}  // namespace leoam::testing
