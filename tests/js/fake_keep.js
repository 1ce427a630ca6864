/** What a browser keeps of messages on their way, as Shelf keeps it. */
export class FakeKeep {
  rows = new Map();

  async parcels() {
    return [...this.rows.values()].map((row) => ({ ...row })).sort((one, other) => one.written_at - other.written_at);
  }

  async putParcel(parcel) {
    this.rows.set(parcel.client_message_id, { ...parcel });
  }

  async removeParcel(id) {
    this.rows.delete(id);
  }
}
