//! What is kept: items, which have no time of their own, and objects, which have whole seconds. Pure.

use super::{LATEST, Telling, Told, short};
use crate::{
    domain::ResourceId,
    inspect::thread::{
        haul, ids,
        step::{Evidence, Kept, Known, What},
        story::object_names,
    },
};

impl Telling<'_> {
    pub(super) fn item(&mut self, item: &haul::Item, by: usize) {
        let writers: Vec<ResourceId> = self.ground.writers(&item.table).cloned().collect();
        let wrote = self.steps.iter().rfind(|step| step.what == What::Handled && writers.contains(&step.resource));
        let wrote = wrote.map(|step| (step.name.clone(), step.place_ms));
        let name = self.ground.name(&item.table).to_owned();
        let evidence = vec![Evidence::new("item", short(&item.value.to_string()))];
        let kept = self.ground.tables.iter().find(|place| place.id == item.table).and_then(|place| {
            let key = place.key.clone()?;
            let value = item.value.get(&key)?.clone();
            Some(Kept::Item { key, value })
        });
        let (says, place_ms) = match wrote {
            Some((function, place_ms)) => {
                (format!("in {name}, probably written by that run of {function}: a table keeps no time"), place_ms)
            }
            None => (format!("in {name}: a table keeps no time, and no run here is known to have written it"), LATEST),
        };
        self.add(&item.table, Told { says, place_ms, evidence, kept, ..Told::new(What::Stored, self.sure(by)) });
    }

    pub(super) fn object(&mut self, object: &haul::Object, by: usize) {
        let mut evidence = vec![Evidence::new("key", &object.key)];
        let named = |id: &&Known| object_names(object, &id.id) && !ids::names(&object.key, &id.id);
        if let (Some(known), Some(contents)) = (self.ids.iter().find(named), &object.contents) {
            let line = contents.lines().find(|line| ids::names(line, &known.id)).unwrap_or(contents);
            evidence.push(Evidence::new("contents", short(line)));
        }
        self.add(
            &object.bucket,
            Told {
                at: object.written,
                place_ms: LATEST,
                says: format!("written as {}, {} bytes", object.key, object.bytes),
                evidence,
                kept: Some(Kept::Object(object.key.clone())),
                ..Told::new(What::Stored, self.sure(by))
            },
        );
        // A listing has whole seconds: it stands after all else of its second.
        if let Some(step) = self.steps.last_mut().filter(|step| step.place_ms != LATEST && step.place_ms % 1_000 == 0) {
            step.place_ms += 999;
        }
    }
}
