#include "tiers/device_memory.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

#include "ggml-backend.h"
#include "ggml.h"
#include "model/backend_modules.h"

namespace leoam {
namespace {

struct ContextDeleter {
  void operator()(ggml_context* context) const { ggml_free(context); }
};
struct BufferDeleter {
  void operator()(ggml_backend_buffer* buffer) const { ggml_backend_buffer_free(buffer); }
};

// One tensor over a whole buffer: what every backend copies to and from.
class GgmlMemory final : public DeviceMemory {
 public:
  static std::shared_ptr<DeviceMemory> Allocate(ggml_backend_buffer_type_t type, size_t bytes) {
    auto memory = std::make_shared<GgmlMemory>();
    memory->context_.reset(
        ggml_init({ggml_tensor_overhead(), /*mem_buffer=*/nullptr, /*no_alloc=*/true}));
    memory->bytes_ =
        ggml_new_tensor_1d(memory->context_.get(), GGML_TYPE_I8, static_cast<int64_t>(bytes));
    memory->buffer_.reset(ggml_backend_buft_alloc_buffer(type, bytes));
    const bool fits =
        memory->buffer_ != nullptr &&
        ggml_backend_tensor_alloc(memory->buffer_.get(), memory->bytes_,
                                  ggml_backend_buffer_get_base(memory->buffer_.get())) ==
            GGML_STATUS_SUCCESS;
    return fits ? memory : nullptr;
  }

  size_t size() const override { return ggml_nbytes(bytes_); }

  Status Write(size_t offset, std::span<const uint8_t> bytes) override {
    return Copy([&] { ggml_backend_tensor_set(bytes_, bytes.data(), offset, bytes.size()); });
  }

  Status Read(size_t offset, std::span<uint8_t> out) override {
    return Copy([&] { ggml_backend_tensor_get(bytes_, out.data(), offset, out.size()); });
  }

 private:
  // A link carries one copy at a time anyway, and not every backend says that it can do several.
  template <typename Function>
  Status Copy(Function copy) {
    const std::lock_guard lock(mutex_);
    try {
      copy();
      return Status::Ok();
    } catch (const std::exception& error) {  // as Vulkan reports a lost device
      return {StatusCode::kIo, std::string("The device failed: ") + error.what()};
    }
  }

  std::mutex mutex_;
  std::unique_ptr<ggml_context, ContextDeleter> context_;
  std::unique_ptr<ggml_backend_buffer, BufferDeleter> buffer_;
  ggml_tensor* bytes_ = nullptr;
};

ggml_backend_dev_t FindDevice(const std::string& name) {
  return name.empty() ? ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU)
                      : ggml_backend_dev_by_name(name.c_str());
}

std::string KnownDevices() {
  std::string names;
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    names +=
        (names.empty() ? "" : ", ") + std::string(ggml_backend_dev_name(ggml_backend_dev_get(i)));
  }
  return names;
}

}  // namespace

std::vector<DeviceInfo> ListDevices() {
  const std::lock_guard lock(BackendListMutex());
  LoadGpuModules();
  std::vector<DeviceInfo> devices;
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    if (ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_GPU) {
      continue;
    }
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    ggml_backend_dev_memory(device, &free_bytes, &total_bytes);
    devices.push_back({ggml_backend_dev_name(device), ggml_backend_dev_description(device),
                       free_bytes, total_bytes});
  }
  return devices;
}

Result<std::shared_ptr<DeviceMemory>> AllocateDeviceMemory(const std::string& device,
                                                           size_t bytes) {
  const std::lock_guard lock(BackendListMutex());
  LoadGpuModules();
  ggml_backend_dev_t found = FindDevice(device);
  if (found == nullptr) {
    return device.empty()
               ? Status(
                     StatusCode::kNoSpace,
                     "There is no GPU with memory of its own that this build can use: give it no "
                     "memory, or name a device (" +
                         KnownDevices() + ").")
               : Status(StatusCode::kInvalidArgument,
                        "There is no device \"" + device + "\"; there is " + KnownDevices() + ".");
  }
  const std::string name = ggml_backend_dev_name(found);
  std::shared_ptr<DeviceMemory> memory;
  try {
    ggml_backend_buffer_type_t type = ggml_backend_dev_buffer_type(found);
    bytes = std::min(bytes, ggml_backend_buft_get_max_size(type));
    memory = GgmlMemory::Allocate(type, bytes / kDeviceAlignment * kDeviceAlignment);
  } catch (const std::exception& error) {  // a driver that does not start
    return Status(StatusCode::kNoSpace, name + " cannot be used: " + error.what());
  }
  if (memory == nullptr) {
    return Status(StatusCode::kNoSpace, name + " has no " + std::to_string(bytes >> 20) +
                                            " MB free; give its memory less.");
  }
  return memory;
}

}  // namespace leoam
